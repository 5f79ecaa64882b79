using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads a service's <c>x-tangram</c>.</summary>
internal static class TangramReader
{
    public static ProbeSpec? Probe(Fields fields)
    {
        if (fields.Filled("probe") is not { } text) return null;
        if (text == "tcp") return new ProbeSpec(ProbeKind.Tcp, "");
        if (text.StartsWith("http:/", StringComparison.Ordinal) && !text.StartsWith("http://", StringComparison.Ordinal)
            && !text.Any(c => c is <= ' ' or '#' or > '~')) return new ProbeSpec(ProbeKind.Http, text[5..]);
        fields.Problems.Error(fields.PlaceOf("probe"), $"'probe' is {Quoted.Of(text)}, which is of no known form",
            "write http:/PATH, such as http:/healthz, or tcp; the port is always the replica's own");
        return null;
    }

    /// <summary>Preferences say how to spread, which is not what binpack does.</summary>
    public static PlacementStrategy Placement(Fields fields, DeploySpec deploy)
    {
        var strategy = fields.Choice("placement", PlacementStrategy.Spread,
            [("spread", PlacementStrategy.Spread), ("binpack", PlacementStrategy.Binpack)]);
        if (strategy == PlacementStrategy.Binpack && deploy.Placement.Spread.Count > 0)
            fields.Problems.Error(fields.PlaceOf("placement"),
                "'placement: binpack' and deploy.placement.preferences exclude each other",
                "delete one of them: preferences say over what to spread");
        return strategy;
    }

    /// <summary>What <c>singleton</c> asks of <c>deploy</c>: one replica, stopped before the next one starts.</summary>
    public static DeploySpec Alone(bool singleton, Fields deploy, DeploySpec asked)
    {
        if (!singleton) return asked;
        if (asked.Mode == DeployMode.Global)
            deploy.Problems.Error(deploy.PlaceOf("mode"), "'mode: global' and x-tangram.singleton exclude each other",
                "delete one of them: global runs one replica on every node");
        else if (asked.Replicas > 1)
            deploy.Problems.Error(deploy.PlaceOf("replicas"),
                $"'replicas' is {asked.Replicas}, and of a singleton there are never two",
                "write replicas: 1, or delete x-tangram.singleton");
        return asked with
        {
            Update = StopFirst(deploy, "update_config", asked.Update),
            Rollback = StopFirst(deploy, "rollback_config", asked.Rollback),
        };
    }

    private static UpdateSpec StopFirst(Fields deploy, string key, UpdateSpec update)
    {
        var order = (deploy[key] as Tree.Map)?.Entries.FirstOrDefault(e => e.Key.Text == "order")?.Value;
        if (order is not null && update.Order == UpdateOrder.StartFirst)
            deploy.Problems.Error(order.Place, "'order: start-first' would run two of a singleton",
                "delete it: a singleton's move always stops the old replica first");
        return update with { Order = UpdateOrder.StopFirst };
    }
}
