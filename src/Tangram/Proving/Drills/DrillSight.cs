using System.Net.Sockets;
using System.Text.Json;
using Tangram.Cli;
using Tangram.Observing;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>Looks at the cluster as anybody can.</summary>
internal sealed class DrillSight(FaultPlace place)
{
    /// <summary>Nobody answering is a sight too.</summary>
    public DrillSighting Look()
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

    private T Get<T>(string path) where T : class
    {
        var answer = PlainRequest.Get(place.Socket, path);
        return answer.Status == 200 ? ViewJson.Read<T>(answer.Body) : throw new IOException(answer.Body);
    }
}
