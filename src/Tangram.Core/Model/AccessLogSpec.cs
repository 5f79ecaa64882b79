namespace Tangram.Model;

/// <summary>The log of requests that a gateway keeps.</summary>
public sealed record AccessLogSpec
{
    public AccessLogFormat Format { get; init; }

    /// <summary>Absolute, on each gateway's machine; null: in its state folder.</summary>
    public string? Path { get; init; }

    /// <summary>What stands behind the ? of a request is logged too: secrets may stand there.</summary>
    public bool Query { get; init; }
}

public enum AccessLogFormat
{
    /// <summary>A JSON object in each line.</summary>
    Json,
    /// <summary>Apache's combined format.</summary>
    Combined,
}

/// <summary>What becomes of a request that belongs to no trace.</summary>
public enum TraceStart
{
    /// <summary>It begins one, which those who follow shall record.</summary>
    Sampled,
    /// <summary>It begins one, which most of those who follow will not record.</summary>
    Unsampled,
    /// <summary>It goes on without one.</summary>
    Pass,
}
