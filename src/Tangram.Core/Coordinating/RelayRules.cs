using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>What a server relays into the store. Agents and gateways hold no credentials of the store; each may write
/// the keys that say what it sees, and no others.</summary>
public static class RelayRules
{
    /// <summary>The keys that it may write: an agent's node also carries a gateway, for calls between
    /// services.</summary>
    public static IEnumerable<string> KeysOf(PeerIdentity peer) => peer.Role switch
    {
        PeerRole.Agent => [Keys.Seen(peer.Name), Keys.Gateway(peer.Name.Value)],
        PeerRole.Gateway => [Keys.Gateway(peer.Name.Value)],
        _ => [],
    };

    /// <summary>Why a transaction is not relayed, or null.</summary>
    public static string? Refuses(PeerIdentity peer, Txn txn)
    {
        var ops = txn.Then.Concat(txn.Else).ToList();
        // A comparison tells what is there as a reading does.
        if (txn.Compares.Select(compare => compare.Key).Concat(ops.OfType<StoreOp.Get>().Select(get => get.Key))
            .FirstOrDefault(key => !MayRead(peer, key)) is { } secret) return $"{peer} may not read {secret}";
        foreach (var op in ops)
        {
            var key = op switch
            {
                StoreOp.Put put => put.Key,
                StoreOp.Delete delete => delete.Key,
                StoreOp.DeletePrefix => "",
                _ => null,
            };
            if (key is not null && !KeysOf(peer).Contains(key))
                return $"{peer} may write only {string.Join(" and ", KeysOf(peer))}, and asked to write " +
                       (key == "" ? "a whole prefix" : key);
            if (op is StoreOp.Put { Lease: 0 })
                return $"what {peer} writes has to hang on a lease of its own, so that it goes when {peer} is gone";
            if (op is StoreOp.Put { Value: var value } && RelayedDocument.Problem(key!, value) is { } problem)
                return $"what {peer} writes of itself cannot be used: {problem}";
        }
        return null;
    }

    /// <summary>Whether a key may be read. Private keys go to those who show their certificates, and the account's to
    /// servers alone.</summary>
    public static bool MayRead(PeerIdentity peer, string key) => peer.Role switch
    {
        PeerRole.Server => true,
        PeerRole.Gateway => key != Keys.AcmeAccount,
        _ => key != Keys.AcmeAccount && !key.StartsWith(Keys.AcmeCertificatePrefix, StringComparison.Ordinal),
    };

    /// <summary>Why a copy is not sent, or null. Configs and secrets go only to the nodes that run what they are given
    /// to, and those of TLS only to gateways.</summary>
    /// <param name="state">The revisions, and what the peer is assigned.</param>
    public static string? RefusesFiles(PeerIdentity peer, string hash, ClusterState state)
    {
        if (peer.Role == PeerRole.Server) return null;
        var known = state.Revisions.Values.Select(revision => revision.Spec).ToList();
        // What no revision names any more may have been a secret.
        if (!known.Any(spec => spec.GrantsHashes.Contains(hash)))
            return known.Any(spec => spec.Services.Any(s => s.FilesHash == hash)) ? null
                : $"no revision has {hash}";
        if (peer.Role == PeerRole.Gateway)
            return state.Revisions.Values.Any(r => r.Spec.Tls?.GrantsHash == hash) ? null
                : $"{peer} shows nothing of {hash}";
        var assigned = state.Nodes.GetValueOrDefault(peer.Name)?.Assignments ?? [];
        return peer.Role == PeerRole.Agent
            && assigned.Any(a => state.Spec(a.Revision)?.Find(a.Service)?.GrantsHash == hash)
            ? null
            : $"{peer} runs no service that is given {hash}";
    }

    /// <summary>Whether a lease may be a peer's, by the keys that hang on it: another's key says that it is
    /// not.</summary>
    public static bool MayOwn(PeerIdentity peer, long lease, IEnumerable<KeyValue> pairs) =>
        pairs.All(pair => pair.Lease != lease || KeysOf(peer).Contains(pair.Key));

    /// <summary>Why a message is not passed on, or null: nobody speaks for another node.</summary>
    public static string? Refuses(PeerIdentity peer, Message message) =>
        peer.Role == PeerRole.Agent && message.From == peer.Name
            ? null
            : $"{peer} may not speak for {message.From}";
}
