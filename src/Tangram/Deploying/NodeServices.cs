using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>What all nodes of one process share.</summary>
internal sealed record NodeServices(StateFolder State, IStore Store, MonotonicClock Clock, PortAllocator Ports,
    Poller Poller, LogFiles Logs, Cgroups Cgroups, RevisionFiles Files, Prober Prober, HealthChecker Health,
    ServicePorts ServicePorts, Action<string, string> Announce)
{
    /// <summary>Brings a revision's files here, false when nobody has them; null where they are always here.</summary>
    public Func<string, CancellationToken, Task<bool>>? Fetch { get; init; }
}
