namespace Tangram.Model;

public enum GrantKind { Config, Secret }

/// <summary>A config or secret that a service is given, as a file that its processes can read and nobody can
/// change.</summary>
public sealed record GrantSpec
{
    /// <summary>Its key at the top level of the file.</summary>
    public required string Name { get; init; }

    /// <summary>Where the file lies below the folder that <c>TANGRAM_CONFIGS</c> or <c>TANGRAM_SECRETS</c> names,
    /// without a leading '/'.</summary>
    public required string Target { get; init; }

    /// <summary>Permission bits, of which none lets anybody write.</summary>
    public required int Mode { get; init; }

    /// <summary>Tells two contents apart and nothing about either: a part of their HMAC under a random key that lies
    /// with the content. Filled when a revision is made.</summary>
    public string? Print { get; init; }
}

/// <summary>What one config or secret holds, on its way from a command to the server that keeps it.</summary>
public sealed record CarriedContent(GrantKind Kind, string Name, Content Content);
