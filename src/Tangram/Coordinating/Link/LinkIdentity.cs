using Grpc.Core;
using Tangram.Coordinating.Trust;

namespace Tangram.Coordinating.Link;

/// <summary>Who calls: what the certificate says, or on loopback in plain text what the caller says.</summary>
internal sealed class LinkIdentity(string cluster, bool encrypted)
{
    public PeerIdentity Of(ServerCallContext call)
    {
        var peer = encrypted
            ? MutualTls.IdentityOf(call.GetHttpContext().Connection.ClientCertificate)
            : PeerIdentity.TryParse(call.RequestHeaders.GetValue(LinkOptions.WhoHeader), out var said) ? said : null;
        if (peer is null) throw new RpcException(new Status(StatusCode.Unauthenticated, "it is not said who calls"));
        if (peer.Cluster == cluster) return peer;
        throw new RpcException(new Status(StatusCode.PermissionDenied,
            $"{peer} belongs to the cluster '{peer.Cluster}', and this is '{cluster}'"));
    }
}
