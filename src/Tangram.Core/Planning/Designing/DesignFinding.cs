using Tangram.Model;

namespace Tangram.Planning.Designing;

/// <summary>Something that is allowed and costs availability, or misses an objective, sooner or later.</summary>
/// <param name="Check">The name of the <see cref="DesignCheck"/>, stable for scripts.</param>
/// <param name="Place">Of the first service that it is true of.</param>
/// <param name="Services">Those that it is true of, in the file's order; none when it is true of the whole
/// cluster.</param>
/// <param name="What">How it is, with the computed figure.</param>
/// <param name="Why">What comes of it.</param>
/// <param name="Remedy">The change to the file that would mend it.</param>
public sealed record DesignFinding(
    string Check, Place Place, EquatableArray<ServiceName> Services, string What, string Why, string Remedy)
{
    /// <summary>More names than these help nobody.</summary>
    private const int MostNamed = 6;

    /// <summary>The services and how it is with them.</summary>
    public string Sentence => Services.Count == 0 ? What : $"{Named}: {What}";

    private string Named => string.Join(", ", Services.Take(MostNamed))
        + (Services.Count > MostNamed ? $" and {Services.Count - MostNamed} others" : "");
}

/// <summary>A check, as docs/design-checks.md lists it.</summary>
/// <param name="Name">Words with hyphens.</param>
/// <param name="Finds">When it speaks up.</param>
/// <param name="Computes">The figure that it gives, and how it comes by it; empty when there is none.</param>
public sealed record DesignCheck(string Name, string Finds, string Computes = "");
