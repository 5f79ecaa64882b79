namespace Tangram.Coordinating;

/// <summary>Who asks and when. <paramref name="Id"/> is unique per command, so that a write whose answer was lost can
/// be recognised; <paramref name="At"/> is only shown to people.</summary>
public sealed record CommandStamp(string Id, DateTimeOffset At);

public enum RefusalKind
{
    /// <summary>No state of the cluster would make it right: exit code 2.</summary>
    BadArgument,

    /// <summary>Right in itself, but not now: exit code 1.</summary>
    Conflict,
}

/// <summary>What a command comes to, for the state that it read.</summary>
public abstract record Decision
{
    private Decision() { }

    /// <param name="Txn">Takes effect only if <c>asked</c> is still as it was read.</param>
    /// <param name="Revision">The revision that is asked for once it has.</param>
    /// <param name="What">For people, and for the event log.</param>
    public sealed record Accepted(Txn Txn, int Revision, string What) : Decision;

    /// <summary>It is so already.</summary>
    public sealed record Unchanged(int Revision, string What) : Decision;

    /// <param name="Why">What is wrong, why it matters and what to do.</param>
    public sealed record Refused(RefusalKind Kind, string Why) : Decision;
}
