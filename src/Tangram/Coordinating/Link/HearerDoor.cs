using Grpc.Core;

namespace Tangram.Coordinating.Link;

/// <summary>Where heartbeats come in, at servers and at agents.</summary>
internal sealed class HearerDoor(LinkIdentity identity, Action<Message> heard) : Wire.Hearer.HearerBase
{
    public override async Task<Wire.Nothing> Beat(IAsyncStreamReader<Wire.Heartbeat> stream, ServerCallContext call)
    {
        var peer = identity.Of(call);
        while (await stream.MoveNext(call.CancellationToken).ConfigureAwait(false))
        {
            var message = ReadMessage(stream.Current);
            if (RelayRules.Refuses(peer, message) is { } refusal)
                throw new RpcException(new Status(StatusCode.PermissionDenied, refusal));
            heard(message);
        }
        return new Wire.Nothing();
    }

    private static Message ReadMessage(Wire.Heartbeat beat)
    {
        try
        {
            return LinkText.Read(beat);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, e.Message));
        }
    }
}
