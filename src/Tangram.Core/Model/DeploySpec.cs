namespace Tangram.Model;

public enum DeployMode { Replicated, Global }

/// <summary>Compose's <c>deploy</c>. Where Compose's own defaults are poor, ours differ and the support matrix says
/// so.</summary>
public sealed record DeploySpec
{
    public DeployMode Mode { get; init; }

    /// <summary>It ends: <see cref="Replicas"/>, or with <see cref="DeployMode.Global"/> the nodes, count
    /// completions.</summary>
    public bool Job { get; init; }
    public int Replicas { get; init; } = 1;
    public EquatableArray<Variable> Labels { get; init; }
    public PlacementSpec Placement { get; init; } = new();
    public ResourcesSpec Resources { get; init; } = new();
    public RestartSpec Restart { get; init; } = new();
    public UpdateSpec Update { get; init; } = new();
    public UpdateSpec Rollback { get; init; } = new();
}

public sealed record PlacementSpec
{
    public EquatableArray<ConstraintSpec> Constraints { get; init; }
    public EquatableArray<string> Spread { get; init; }

    /// <summary>0 means no limit.</summary>
    public int MaxReplicasPerNode { get; init; }

    /// <summary>Compose has no word for it: <c>x-tangram.placement</c>.</summary>
    public PlacementStrategy Strategy { get; init; }
}

public enum PlacementStrategy
{
    /// <summary>Over zones, then nodes, as evenly as may be.</summary>
    Spread,

    /// <summary>Fill the fullest node that still has room, to keep others empty.</summary>
    Binpack,
}

/// <summary><c>node.labels.disk == ssd</c>. Attributes: <c>node.hostname</c>, <c>node.id</c>, <c>node.zone</c>,
/// <c>node.labels.KEY</c>.</summary>
public sealed record ConstraintSpec(string Attribute, bool Equal, string Value)
{
    public override string ToString() => $"{Attribute} {(Equal ? "==" : "!=")} {Value}";
}

public sealed record ResourcesSpec
{
    public Resources Limits { get; init; } = new();
    public Resources Reservations { get; init; } = new();
}

/// <summary>Cores and bytes; 0 means unset. <see cref="Pids"/> counts processes.</summary>
public sealed record Resources
{
    public double Cpus { get; init; }
    public long Memory { get; init; }
    public long Pids { get; init; }
}

public enum RestartCondition { Any, OnFailure, None }

public sealed record RestartSpec
{
    public RestartCondition Condition { get; init; }
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Null means without end. A start that became ready and stayed so for <see cref="Window"/> does not
    /// count.</summary>
    public int? MaxAttempts { get; init; }
    public TimeSpan Window { get; init; }
}

public enum UpdateOrder { StartFirst, StopFirst }

public enum FailureAction { Rollback, Pause, Continue }

public sealed record UpdateSpec
{
    public int Parallelism { get; init; } = 1;
    public TimeSpan Delay { get; init; }
    public FailureAction FailureAction { get; init; } = FailureAction.Rollback;
    public TimeSpan Monitor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The share of failed replicas that is tolerated, 0 to 1.</summary>
    public double MaxFailureRatio { get; init; }
    public UpdateOrder Order { get; init; } = UpdateOrder.StartFirst;
}
