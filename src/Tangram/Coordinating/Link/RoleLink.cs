using System.Net;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Coordinating.Link;

/// <summary>How one role of this process is connected: who it is, its secrets, and its way to the servers.</summary>
internal sealed class RoleLink
{
    private readonly MutualTls? _tls;

    public RoleLink(RoleOptions role, PeerRole kind, TimeProvider time, Action<string, string> announce)
    {
        _tls = role.Tls is null ? null : MutualTls.Open(role.Tls, time, what => announce("tls", what));
        var self = new PeerIdentity(role.Cluster, kind, NodeName.Of(role.Name));
        if (_tls is not null && _tls.Identity != self)
            throw new IOException($"the certificate in {role.Tls} is that of {_tls.Identity}, and this is {self}: " +
                "make one with `tangram ca issue`");
        if (_tls is null)
            foreach (var server in role.Servers) CheckPlain(server);
        Options = new LinkOptions(role.Cluster, self, role.Servers)
        {
            Tls = _tls is null ? null : _tls.ClientOptions,
        };
        Identity = new LinkIdentity(role.Cluster, encrypted: _tls is not null);
    }

    public LinkOptions Options { get; }
    public LinkIdentity Identity { get; }
    public string? Warning => _tls?.Warning;

    /// <summary>For etcd's client: the same certificate.</summary>
    public TlsFolder? Folder => _tls?.Folder;

    public Task<LinkListener> ListenAsync(IPEndPoint address, HearerDoor hearer, ServerDoor? server,
        CancellationToken cancellation)
    {
        if (_tls is null && PlainText.RefusalToListen(address) is { } refusal) throw new IOException(refusal);
        return LinkListener.StartAsync(address,
            _tls is null ? null : listen => _tls.Secure(listen, PeerRole.Server, PeerRole.Agent, PeerRole.Gateway),
            hearer, server, cancellation);
    }

    private static void CheckPlain(string server)
    {
        if (server.StartsWith("localhost:", StringComparison.Ordinal)) return;
        var refusal = IPEndPoint.TryParse(server, out var address)
            ? PlainText.RefusalToConnect(address)
            : $"refuses to connect to {server} without --tls, because it may be another machine. Give --tls DIR " +
              "(made by 'tangram ca issue')";
        if (refusal is not null) throw new IOException(refusal);
    }
}
