namespace Tangram.Model;

public enum VolumeKind
{
    /// <summary>A folder in the state of each node, by its name.</summary>
    Named,

    /// <summary>A folder of the machine, which a process sees anyway.</summary>
    Bind,
}

/// <summary>A folder that outlives replicas and revisions.</summary>
public sealed record VolumeSpec
{
    public required VolumeKind Kind { get; init; }

    /// <summary>Its key at the top level of the file; the path of a bind.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the folder on a node, which two services share when they name the same; the path of a
    /// bind.</summary>
    public required string Source { get; init; }

    /// <summary>Where a container would have it.</summary>
    public required string Target { get; init; }
}
