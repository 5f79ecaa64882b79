using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>What happens to a drill.</summary>
public abstract record DrillEvent
{
    private DrillEvent() { }

    /// <summary>Time has passed.</summary>
    public sealed record Ticked : DrillEvent;

    /// <summary>Somebody looked at the cluster.</summary>
    /// <param name="Since">When the look began: it says nothing about what came after that.</param>
    public sealed record Looked(DrillSighting Seen, Instant Since) : DrillEvent;

    /// <summary>The load before anything is broken has ended.</summary>
    public sealed record SteadyEnded(DrillLoad Load) : DrillEvent;

    public sealed record LoadMoved(long Failed) : DrillEvent;

    public sealed record LoadEnded(DrillLoad Load) : DrillEvent;

    /// <param name="Fault">Its number. So for the others.</param>
    /// <param name="Effect">As it was measured.</param>
    public sealed record Injected(int Fault, string Effect) : DrillEvent;

    public sealed record Missed(int Fault, string Because) : DrillEvent;

    public sealed record Reverted(int Fault, string Effect) : DrillEvent;

    /// <summary>Somebody wants it to end.</summary>
    public sealed record Stopped : DrillEvent;
}

/// <summary>What a drill wants to have done, in this order.</summary>
public abstract record DrillEffect
{
    private DrillEffect() { }

    /// <summary>Offer the load for a while, before anything is broken.</summary>
    public sealed record StartSteady : DrillEffect;

    public sealed record StartLoad : DrillEffect;

    public sealed record StopLoad : DrillEffect;

    public sealed record Inject(int Fault, FaultSpec Spec, FaultTarget Target) : DrillEffect
    {
        /// <summary>Of what the fault itself decides by chance.</summary>
        public ulong Seed { get; init; }
    }

    public sealed record Revert(int Fault) : DrillEffect;

    /// <param name="At">Since the load began; negative before.</param>
    public sealed record Say(TimeSpan At, string What) : DrillEffect;

    public sealed record Conclude(DrillVerdict Verdict) : DrillEffect;
}
