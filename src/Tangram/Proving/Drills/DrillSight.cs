using System.Net.Sockets;
using System.Text.Json;
using Tangram.Cli;
using Tangram.Observing;
using Tangram.Proving.Faults;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Drills;

/// <summary>Looks at the cluster as anybody can: through the server on this machine, and while that is gone through one
/// beside an injector.</summary>
internal sealed class DrillSight(FaultPlace place, IReadOnlyList<InjectorLine> injectors)
{
    private readonly List<InjectorLine> _others =
        [.. injectors.Where(line => line.Machine is { Server: not null, Here: false })];

    private readonly List<DrilledMachine> _machines = [.. injectors.Select(line => line.Machine)];

    /// <summary>Nobody answering is a sight too.</summary>
    public async Task<DrillSighting> LookAsync()
    {
        var seen = Here();
        for (var i = 0; !seen.Answers && i < _others.Count; i++) seen = await ThereAsync(i).ConfigureAwait(false);
        return seen with { Machines = [.. _machines] };
    }

    private DrillSighting Here()
    {
        try
        {
            return DrillSighting.Of(Get<StatusView>("/v1/status"), Get<ReplicaView[]>("/v1/ps"),
                Get<RoutesView>("/v1/routes"));
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentException or TimeoutException
            or JsonException)
        {
            return DrillSighting.Nobody;
        }
    }

    /// <summary>The one that answers is asked first the next time.</summary>
    private async Task<DrillSighting> ThereAsync(int other)
    {
        var line = _others[other];
        if (await line.LookAsync().ConfigureAwait(false) is not
            { Status: { } status, Replicas: { } replicas, Routes: { } routes }) return DrillSighting.Nobody;
        try
        {
            var seen = DrillSighting.Of(ViewJson.Read<StatusView>(status), ViewJson.Read<ReplicaView[]>(replicas),
                ViewJson.Read<RoutesView>(routes));
            _others.RemoveAt(other);
            _others.Insert(0, line);
            return seen;
        }
        catch (JsonException)
        {
            return DrillSighting.Nobody;
        }
    }

    private T Get<T>(string path) where T : class
    {
        var answer = PlainRequest.Get(place.Socket, path);
        return answer.Status == 200 ? ViewJson.Read<T>(answer.Body) : throw new IOException(answer.Body);
    }
}
