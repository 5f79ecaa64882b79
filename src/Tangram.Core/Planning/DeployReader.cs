using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>deploy</c>.</summary>
internal static class DeployReader
{
    /// <summary>Of one service: the largest cluster that Tangram is measured at holds as many in all.</summary>
    public const int MostReplicas = 100_000;

    public static DeploySpec Read(Fields fields)
    {
        var mode = fields.Choice("mode", DeployMode.Replicated,
        [
            ("replicated", DeployMode.Replicated), ("global", DeployMode.Global),
            ("replicated-job", DeployMode.Replicated), ("global-job", DeployMode.Global),
        ]);
        fields.Choice("endpoint_mode", 0, [("vip", 0)],
            ("dnsrr", "write vip or leave it out: calls go through the gateway, which balances each request"));
        if (mode == DeployMode.Global && fields["replicas"] is { } replicas)
            fields.Problems.Error(replicas.Place, "'replicas' does not go with mode: global",
                "delete replicas: global runs one replica on every node");
        var resources = fields.Open("resources", DeployKeys.Resources);
        return new DeploySpec
        {
            Mode = mode, Job = IsJob(fields),
            Replicas = fields.Whole("replicas", 1, 0, MostReplicas),
            Labels = Variables.Read(fields["labels"], "labels", fields.Problems),
            Placement = PlacementReader.Read(fields.Open("placement", DeployKeys.Placement)),
            Resources = new ResourcesSpec
            {
                Limits = Read(resources.Open("limits", DeployKeys.Limits), pids: true),
                Reservations = Read(resources.Open("reservations", DeployKeys.Reservations), pids: false),
            },
            Restart = Restart(fields.Open("restart_policy", DeployKeys.Restart), IsJob(fields)),
            Update = Update(fields.Open("update_config", DeployKeys.Update), FailureAction.Rollback),
            Rollback = Update(fields.Open("rollback_config", DeployKeys.Rollback), FailureAction.Pause),
        };
    }

    public const string CoresWanted = "a number of cores above 0, such as \"0.5\"";
    public const string SizeWanted = "a size above 0, such as 256M";

    public static double? Cores(string text) =>
        Quantities.Number(text) is > 0 and <= 100_000 and var cpus ? cpus : null;

    public static long? Size(string text) => Quantities.Bytes(text) is > 0 and var bytes ? bytes : null;

    private static Resources Read(Fields fields, bool pids) => new()
    {
        Cpus = fields.Parsed<double>("cpus", Cores, CoresWanted) ?? 0,
        Memory = fields.Parsed<long>("memory", Size, SizeWanted) ?? 0,
        Pids = pids ? fields.Whole("pids", 0, 1, int.MaxValue) : 0,
    };

    /// <summary>It ends, and is started again only when it failed.</summary>
    public static bool IsJob(Fields deploy) => deploy["mode"] is Tree.Scalar { Text: "replicated-job" or "global-job" };

    /// <summary>With delays of 2, 4 and 8 s; a job that is tried for ever would hold up its deploy for ever.</summary>
    private const int JobAttempts = 3;

    private static RestartSpec Restart(Fields fields, bool job)
    {
        var spec = new RestartSpec { Condition = job ? RestartCondition.OnFailure : RestartCondition.Any };
        if (job && fields["condition"] is Tree.Scalar { Text: "any" } any)
            fields.Problems.Error(any.Place, "'condition: any' would start a job again after it has done its work",
                "write on-failure or none, or mode: replicated");
        return new RestartSpec
        {
            Condition = fields.Choice("condition", spec.Condition,
            [
                ("any", RestartCondition.Any), ("on-failure", RestartCondition.OnFailure),
                ("none", RestartCondition.None),
            ],
            ("always", "write any"), ("unless-stopped", "write any"), ("no", "write none")),
            Delay = fields.Duration("delay", spec.Delay),
            MaxAttempts = fields.WholeOrNull("max_attempts", 1, int.MaxValue) ?? (job ? JobAttempts : null),
            Window = fields.Duration("window", spec.Window),
        };
    }

    private static UpdateSpec Update(Fields fields, FailureAction otherwise)
    {
        var spec = new UpdateSpec();
        (string, FailureAction)[] actions = [("pause", FailureAction.Pause), ("continue", FailureAction.Continue)];
        if (otherwise == FailureAction.Rollback) actions = [("rollback", FailureAction.Rollback), .. actions];
        return new UpdateSpec
        {
            Parallelism = fields.Whole("parallelism", spec.Parallelism, 0, MostReplicas),
            Delay = fields.Duration("delay", spec.Delay),
            FailureAction = fields.Choice("failure_action", otherwise, actions,
                ("rollback", "write pause or continue: a rollback cannot be rolled back")),
            Monitor = fields.Duration("monitor", spec.Monitor),
            MaxFailureRatio = fields.Parsed("max_failure_ratio", Quantities.Share, "a share from 0 to 1") ?? 0,
            Order = fields.Choice("order", spec.Order,
                [("start-first", UpdateOrder.StartFirst), ("stop-first", UpdateOrder.StopFirst)]),
        };
    }
}
