using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>Order runs on the nodes a-1, b-1 and c-1: for asking what the planner does next.</summary>
internal static class Moving
{
    public const string Nodes = "abc";
    public static readonly ServiceName Order = ServiceName.Of("order");

    public static ClusterSpec Spec(int version, int replicas, Func<ServiceSpec, ServiceSpec>? change = null)
    {
        var spec = Documents.Spec(version, replicas);
        return spec with { Services = [change is null ? spec.Services[0] : change(spec.Services[0])] };
    }

    public static Func<ServiceSpec, ServiceSpec> Update(int parallelism, UpdateOrder order = UpdateOrder.StartFirst) =>
        service => service with
        {
            Deploy = service.Deploy with { Update = new UpdateSpec { Parallelism = parallelism, Order = order } },
        };

    public static Func<ServiceSpec, ServiceSpec> Deploy(Func<DeploySpec, DeploySpec> change) =>
        service => service with { Deploy = change(service.Deploy) };

    /// <summary>Revision 1 runs as asked: order-1, order-2, … in turn on the three nodes, with one gateway.</summary>
    public static Documents Settled(int replicas, Func<ServiceSpec, ServiceSpec>? change = null)
    {
        var documents = new Documents().Revision(1, Spec(1, replicas, change)).Asked(1)
            .Stage(1, 1, RolloutStage.Done, next: replicas + 1);
        for (var n = 0; n < Nodes.Length; n++)
            documents.Node($"{Nodes[n]}-1", 1,
                [.. Enumerable.Range(1, replicas).Where(i => (i - 1) % 3 == n).Select(i => $"order-{i}")]);
        return documents.Gateway("g");
    }

    /// <summary>The same, with revision 2 on its way out.</summary>
    public static Documents Rolling(int replicas, Func<ServiceSpec, ServiceSpec>? change = null,
        params string[] admitted) => Settled(replicas, change).Revision(2, Spec(2, replicas, change), 1).Asked(2)
        .Stage(1, 2, RolloutStage.Rolling, replicas + 1, admitted);

    public static Documents Stage(this Documents documents, int current, int target, RolloutStage stage, long next = 1,
        params string[] admitted) => documents.Put(Keys.Rollout, new Rollout
        {
            Current = current, Target = target, Stage = stage, Serials = [new NextSerial(Order, next)],
            Admitted = admitted.Select(ServiceName.Of).ToEquatableArray(),
        });

    /// <summary>One more replica on a node that has some.</summary>
    public static Documents Adds(this Documents documents, string node, string replica, int revision, Phase phase)
    {
        var (name, order) = (NodeName.Of(node), ReplicaName.Of(replica));
        return documents.Change<Assigned>(Keys.Assigned(name), a => a with
        {
            Replicas = a.Replicas.Append(new Assignment { Replica = order, Service = Order, Revision = revision })
                .OrderBy(r => r.Replica).ToEquatableArray(),
        }).Change<Seen>(Keys.Seen(name), s => s with
        {
            Replicas = s.Replicas.Append(new SeenReplica { Replica = order, Phase = phase, Port = 20_001, Starts = 1 })
                .OrderBy(r => r.Replica).ToEquatableArray(),
        });
    }

    public static Plan Plan(this Documents documents, PlanningFacts? facts = null) =>
        Planner.Diff(documents.State, facts ?? PlanningFacts.None);

    public static Step.Start[] Starts(this Plan plan) => [.. plan.Steps.OfType<Step.Start>()];

    public static string[] Drained(this Plan plan) =>
        [.. plan.Steps.OfType<Step.Drain>().Select(s => s.Replica.Value)];

    public static string[] Stopped(this Plan plan) =>
        [.. plan.Steps.OfType<Step.Stop>().Select(s => s.Replica.Value)];
}
