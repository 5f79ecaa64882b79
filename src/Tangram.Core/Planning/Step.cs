using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>One thing to do: what, where and because. It has no behaviour; <see cref="PlanTxn"/> makes store operations
/// of it, so that a step computed from a state that has changed since has no effect.</summary>
public abstract record Step(string Because)
{
    /// <summary>Run a new replica.</summary>
    /// <param name="Relieves">See <see cref="Assignment.Relieves"/>.</param>
    public sealed record Start(NodeName Node, ReplicaName Replica, ServiceName Service, int Revision, string Because,
        ReplicaName? Relieves = null) : Step(Because)
    {
        /// <summary>Of a job.</summary>
        public long? Run { get; init; }
        public DateTimeOffset? Occurrence { get; init; }
    }

    /// <summary>Send it no new requests.</summary>
    public sealed record Drain(NodeName Node, ReplicaName Replica, string Because) : Step(Because);

    /// <summary>End its process.</summary>
    public sealed record Stop(NodeName Node, ReplicaName Replica, string Because) : Step(Because);

    /// <summary>It has ended: nobody needs to know it any more.</summary>
    public sealed record Forget(NodeName Node, ReplicaName Replica, string Because) : Step(Because);

    /// <summary>Its end has been taken note of: it is never started again, and stays to be looked at.</summary>
    public sealed record Settle(NodeName Node, ReplicaName Replica, Phase Phase, string Because) : Step(Because);

    /// <summary>Write down what a job has done and is doing. Null: it is no job any more.</summary>
    public sealed record Remember(ServiceName Job, JobRuns? Runs, string Because) : Step(Because);

    public sealed record DeclareDead(NodeName Node, Dead Dead, string Because) : Step(Because);

    public sealed record Welcome(NodeName Node, string Because) : Step(Because);

    /// <summary>The rollout goes on to its next stage.</summary>
    public sealed record Advance(Rollout Rollout, string Because) : Step(Because);

    /// <summary>The node whose assignment the step changes, or null.</summary>
    public NodeName? AssignmentOf => this switch
    {
        Start s => s.Node, Drain s => s.Node, Stop s => s.Node, Forget s => s.Node,
        Settle s => s.Node, _ => null,
    };

    /// <summary>The replica, node or "rollout" that the step is about.</summary>
    public string Subject => this switch
    {
        Start s => s.Replica.Value, Drain s => s.Replica.Value, Stop s => s.Replica.Value, Forget s => s.Replica.Value,
        Settle s => s.Replica.Value, Remember s => s.Job.Value,
        DeclareDead s => s.Node.Value, Welcome s => s.Node.Value, _ => "rollout",
    };

    public sealed override string ToString() => this switch
    {
        Start s => $"start {s.Replica} on {s.Node}, revision {s.Revision}: {Because}",
        Drain s => $"drain {s.Replica} on {s.Node}: {Because}",
        Stop s => $"stop {s.Replica} on {s.Node}: {Because}",
        Forget s => $"forget {s.Replica} on {s.Node}: {Because}",
        Settle s => $"settle {s.Replica} on {s.Node}: {Because}",
        Remember s => $"job {s.Job}: {Because}",
        DeclareDead s => $"declare {s.Node} dead: {Because}",
        Welcome s => $"welcome {s.Node} back: {Because}",
        Advance s => $"rollout of revision {s.Rollout.Target} is {Rollouts.Words(s.Rollout.Stage)}: {Because}",
        _ => Because,
    };
}

/// <summary>Something that cannot be done now, and the sentence that says why; <c>tangram why</c> shows it.</summary>
/// <param name="Homeless">Replicas for which no node has room.</param>
public sealed record Waiting(ServiceName Service, string Because, int Homeless = 0);

/// <summary>What to do, in order, and what has to wait. Computed from one state; see <see cref="PlanTxn"/>.</summary>
public sealed record Plan(EquatableArray<Step> Steps, EquatableArray<Waiting> Waiting)
{
    public static readonly Plan Nothing = new([], []);
}
