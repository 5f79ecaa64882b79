using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Tests.Observing;

public sealed class DeltaTests
{
    private static readonly string[] States = ["pending", "starting", "ready", "lost"];

    [Fact]
    public void Applying_what_differs_gives_the_next_view()
    {
        var seed = (ulong)Random.Shared.NextInt64();
        var rng = new Rng(seed);
        var view = View(rng, 0);
        var kept = view;
        for (var round = 1; round <= 2_000; round++)
        {
            var next = rng.Next(4) == 0 ? View(rng, round) : Near(rng, view, round);
            kept = Delta.Apply(kept, ViewJson.Read<DeltaView>(ViewJson.Write(Delta.Between(view, next))));
            Assert.True(next == kept, $"seed {seed}, round {round}:\n{ViewJson.Write(next)}\n{ViewJson.Write(kept)}");
            Assert.Equal(0, Delta.Between(next, kept).Count());
            view = next;
        }
    }

    [Fact]
    public void Only_what_differs_is_in_it()
    {
        var before = View(new Rng(1), 1) with { Replicas = [Replica("order-1", "ready"), Replica("order-2", "ready")] };
        var after = before with { Replicas = [Replica("order-1", "ready"), Replica("order-3", "starting")] };
        var delta = Delta.Between(before, after);
        Assert.Equal([Replica("order-3", "starting")], delta.Replicas);
        Assert.Equal(["order-2"], delta.ReplicasGone);
        Assert.Equal(2, delta.Count());
    }

    private static ClusterView View(Rng rng, int round) => new()
    {
        StoreRevision = round,
        Head = Head(rng),
        Services = Some(rng, 4, i => new ServiceView($"s{i}", rng.Next(3), rng.Next(3), 0, 1), s => s.Name),
        Nodes = Some(rng, 4, i => new NodeView($"n{i}", null, States[rng.Next(4)], rng.Next(2), ""), n => n.Name),
        Gateways = Some(rng, 3, i => new GatewayView($"http://{i}", $"g{rng.Next(2)}"),
            g => $"{g.Gateway} {g.Address}"),
        Replicas = Some(rng, 12, i => Replica($"order-{i}", States[rng.Next(4)]), r => r.Replica),
    };

    private static ClusterView Near(Rng rng, ClusterView view, int round)
    {
        var other = View(rng, round);
        return rng.Next(5) switch
        {
            0 => view with { StoreRevision = round, Head = other.Head },
            1 => view with { StoreRevision = round, Services = other.Services },
            2 => view with { StoreRevision = round, Nodes = other.Nodes, Gateways = other.Gateways },
            3 => view with { StoreRevision = round, Replicas = other.Replicas },
            _ => view with { StoreRevision = round },
        };
    }

    private static HeadView Head(Rng rng) => new("shop", rng.Next(2) == 0, rng.Next(2) == 0 ? null : "server-1", 1,
        rng.Next(2) == 0 ? null : new RolloutView("done", 1, 1, ""),
        rng.Next(3) == 0 ? new StaleView(null, "no answer") : null);

    private static ReplicaView Replica(string name, string state) =>
        new(name, "order", "n1", "a", state, state == "ready", 1, 2, 3, 4, "");

    private static EquatableArray<T> Some<T>(Rng rng, int most, Func<int, T> make, Func<T, string> key) =>
        Enumerable.Range(0, most).Where(_ => rng.Next(3) > 0).Select(make)
            .OrderBy(key, StringComparer.Ordinal).ToEquatableArray();
}
