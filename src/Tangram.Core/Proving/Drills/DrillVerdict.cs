using Tangram.Model;

namespace Tangram.Proving.Drills;

public enum DrillRuling
{
    Kept,
    Broken,
    /// <summary>The hypothesis did not hold before anything was broken, so nothing was.</summary>
    NotBegun,
    /// <summary>It proves nothing: a fault could not be injected, or this machine was too busy to tell.</summary>
    Void,
    /// <summary>Somebody ended it.</summary>
    Stopped,
}

/// <summary>Did it hold, and the sentences that say why.</summary>
public sealed record DrillVerdict(DrillRuling Ruling, EquatableArray<string> Because)
{
    public int ExitCode => Ruling is DrillRuling.Kept ? 0 : 1;
}
