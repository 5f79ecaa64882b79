namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>One line of the table for HTTP/2.</summary>
/// <param name="Outcome">As <see cref="FrameReader.OutcomeAsync"/> tells it, of stream 1.</param>
/// <param name="Says">What the client says after its preface and settings.</param>
internal sealed record Http2Row(
    string Name, string Rfc, string Required, string Outcome, Reaches Reaches, Action<Frames> Says)
{
    /// <summary>What stands in the head that the backend gets.</summary>
    public string? Has { get; init; }

    /// <summary>What must not stand there.</summary>
    public string? Lacks { get; init; }

    public string Does() => $"{Outcome}; " + Reaches switch
    {
        Reaches.Nothing => "the backend gets nothing",
        Reaches.NoEnd => "the backend gets a head at most, and no end",
        Reaches.Perhaps => "the backend gets it or nothing",
        _ => Has is not null ? $"the backend gets `{Has}`" : "the backend gets it",
    };

    public override string ToString() => Name;
}
