using System.Globalization;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>What may have come to the backend when a message was answered.</summary>
internal enum Reaches
{
    Nothing,
    /// <summary>One request, or as many as were sent, in the plainest form.</summary>
    Plain,
    /// <summary>The head of one, and never its end.</summary>
    NoEnd,
    /// <summary>One request in the plainest form, or nothing.</summary>
    Perhaps,
}

/// <summary>One line of the table: a message, what the standard says of it, and what the gateway does.</summary>
/// <param name="Rfc">And the section.</param>
/// <param name="Statuses">Of the answers in their order; 0: the connection ends without one.</param>
internal sealed record StrictRow(string Name, string Rfc, string Required, int[] Statuses, Reaches Reaches)
{
    /// <summary>What is sent, each character one byte.</summary>
    public required string Sent { get; init; }

    /// <summary>The sender ends its half of the connection behind it.</summary>
    public bool HalfCloses { get; init; }

    /// <summary>What is answered as well, when the end of the sender's half is noticed later.</summary>
    public int? Or { get; init; }

    /// <summary>The connection can carry another request afterwards.</summary>
    public bool Stays { get; init; }

    /// <summary>What stands in the head that the backend gets.</summary>
    public string? Has { get; init; }

    /// <summary>What must not stand there.</summary>
    public string? Lacks { get; init; }

    public string Does()
    {
        var answers = string.Join(", then ", Statuses.Select(status =>
            status == 0 ? "ends it" : status.ToString(CultureInfo.InvariantCulture)));
        var or = Or is null ? "" : $", or {Or.Value.ToString(CultureInfo.InvariantCulture)}";
        return $"{answers}{(Stays || Statuses is [.., 0] ? "" : ", and ends it")}{or}; " + Reaches switch
        {
            Reaches.Nothing => "the backend gets nothing",
            Reaches.NoEnd => "the backend gets a head at most, and no end",
            Reaches.Perhaps => "the backend gets it or nothing",
            _ => Lacks is not null ? "the backend gets it without that" : Has is not null
                ? $"the backend gets `{Has}`" : "the backend gets it",
        };
    }

    public override string ToString() => Name;
}
