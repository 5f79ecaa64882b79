using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Which profiles were asked for. A service without profiles always runs.</summary>
public sealed class ActiveProfiles
{
    public static readonly ActiveProfiles All = new(["*"], null);

    private readonly HashSet<string> _active;

    /// <param name="variable">COMPOSE_PROFILES: names with commas between them. It counts when none are asked
    /// for.</param>
    public ActiveProfiles(EquatableArray<string> asked, string? variable) => _active = new HashSet<string>(
        asked.Count > 0 ? asked
            : (variable ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        StringComparer.Ordinal);

    internal bool Runs(IReadOnlyCollection<string> profiles) =>
        profiles.Count == 0 || _active.Contains("*") || profiles.Any(_active.Contains);
}
