using Tangram.Model;
using static Tangram.Coordinating.Decision;

namespace Tangram.Coordinating;

/// <summary>Keeps what one replica of a service was measured to carry.</summary>
public static class CapacityCommands
{
    /// <summary>Takes the place of what was known of the same revision; what revisions carried that are not kept any
    /// more is forgotten with them.</summary>
    public static Decision Keep(ClusterState state, CommandStamp by, ServiceName service, MeasuredCapacity measured)
    {
        if (state.Asked is not { } asked) return Commands.NothingDeployed();
        if (!measured.Sound)
            return Commands.Bad("a capacity has a revision, and rates, a knee and latencies that are positive");
        if (state.Spec(measured.Revision)?.Find(service) is null)
            return Commands.Bad($"there is no service '{service}' in revision {measured.Revision}. It may have ended " +
                "meanwhile; `tangram history` lists the revisions");
        var known = state.Capacities.GetValueOrDefault(service);
        var others = (known?.Value.Known ?? []).Where(k => k.Revision != measured.Revision
            && state.Revisions.ContainsKey(k.Revision));
        var next = new Capacities
        {
            Known = others.Append(measured with { At = by.At }).OrderByDescending(k => k.Revision).ToEquatableArray(),
        };
        var key = Keys.Capacity(service);
        return new Accepted(new Txn
        {
            Compares = [known is null ? Compare.Absent(key) : Compare.Unchanged(key, known.ModRevision)],
            Then = [new StoreOp.Put(key, Json.Write(next))],
        }, asked.Value.Revision, FormattableString.Invariant(
            $"one replica of {service} carries {measured.Rate:0.#}/s (revision {measured.Revision})"));
    }
}
