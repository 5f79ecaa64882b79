using System.Collections.Concurrent;
using Grpc.Core;

namespace Tangram.Coordinating.Link;

/// <summary>The store as a server gives it to agents and gateways: reading from its own copy, writing what
/// <see cref="RelayRules"/> allow.</summary>
internal sealed class ServerDoor(string cluster, LinkIdentity identity, IStore store, StoreFeed feed,
    StoreContact contact, FilesCourier files, ClockWatch clocks) : Wire.Server.ServerBase
{
    private readonly ConcurrentDictionary<long, string> _owners = new();

    public override Task<Wire.GreetSaid> Greet(Wire.GreetAsk ask, ServerCallContext call)
    {
        var peer = identity.Of(call);
        clocks.Hear(peer, ask.ClockMs);
        var refusal = ask.Protocol != LinkOptions.Protocol
            ? $"{peer} is Tangram {ask.Version} and speaks protocol {ask.Protocol}; this server is " +
              $"{Cli.CommandLine.Version} and speaks {LinkOptions.Protocol}: upgrade the older one"
            : ask.Cluster != cluster
                ? $"{peer} belongs to the cluster '{ask.Cluster}', and this server to '{cluster}'"
                : "";
        return Task.FromResult(new Wire.GreetSaid
        {
            Refusal = refusal, Version = Cli.CommandLine.Version, StoreAnswers = contact.Answers,
        });
    }

    public override Task<Wire.RangeSaid> Range(Wire.RangeAsk ask, ServerCallContext call)
    {
        var (peer, found) = (identity.Of(call), feed.Range(ask.Prefix));
        return Task.FromResult(LinkText.Write(found with
        {
            Pairs = [.. found.Pairs.Where(pair => RelayRules.MayRead(peer, pair.Key))],
        }));
    }

    public override async Task Watch(Wire.WatchAsk ask, IServerStreamWriter<Wire.BatchSaid> to, ServerCallContext call)
    {
        var peer = identity.Of(call);
        try
        {
            await foreach (var batch in feed.WatchAsync(ask.Prefix, ask.FromRevision, call.CancellationToken)
                .ConfigureAwait(false))
                await to.WriteAsync(LinkText.Write(For(peer, batch)), call.CancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Whoever followed is gone.
        }
    }

    /// <summary>Without what it may not read; the revision passes all the same.</summary>
    private static StoreBatch For(PeerIdentity peer, StoreBatch batch) =>
        batch.Changes.All(change => RelayRules.MayRead(peer, change.Pair.Key)) ? batch
            : batch with { Changes = [.. batch.Changes.Where(change => RelayRules.MayRead(peer, change.Pair.Key))] };

    public override async Task<Wire.CommitSaid> Commit(Wire.CommitAsk ask, ServerCallContext call)
    {
        var peer = identity.Of(call);
        var txn = ReadTxn(ask);
        if (RelayRules.Refuses(peer, txn) is { } refusal) throw Denied(refusal);
        // A key on another's lease would make that lease ours to end.
        foreach (var op in txn.Then.Concat(txn.Else))
            if (op is StoreOp.Put { Lease: not 0 and var lease } && !MayOwn(peer, lease))
                throw Denied($"lease {lease} is not {peer}'s");
        var answer = await store.CommitAsync(txn, call.CancellationToken).ConfigureAwait(false);
        if (answer is { Status: StoreStatus.Ok, Succeeded: true })
            foreach (var put in txn.Then.OfType<StoreOp.Put>())
                if (put.Lease != 0) _owners[put.Lease] = peer.ToString();
        return LinkText.Write(answer);
    }

    public override async Task<Wire.LeaseSaid> Lease(Wire.LeaseAsk ask, ServerCallContext call)
    {
        var peer = identity.Of(call);
        if (ask.Kind == Wire.LeaseAsk.Types.Kind.Grant)
        {
            var ttl = TimeSpan.FromMilliseconds(Math.Clamp(ask.TtlMs, 1_000, 60_000));
            var granted = await store.GrantAsync(ttl, call.CancellationToken).ConfigureAwait(false);
            if (granted.Status == StoreStatus.Ok) _owners[granted.Lease] = peer.ToString();
            return LinkText.Write(granted);
        }
        if (!await OwnsAsync(peer, ask.Lease, call.CancellationToken).ConfigureAwait(false))
            throw Denied($"lease {ask.Lease} is not {peer}'s");
        var answer = ask.Kind == Wire.LeaseAsk.Types.Kind.KeepAlive
            ? await store.KeepAliveAsync(ask.Lease, call.CancellationToken).ConfigureAwait(false)
            : await store.RevokeAsync(ask.Lease, call.CancellationToken).ConfigureAwait(false);
        if (answer is { Status: StoreStatus.Ok, Ttl.Ticks: 0 }) _owners.TryRemove(ask.Lease, out _);
        return LinkText.Write(answer);
    }

    public override async Task Files(Wire.FilesAsk ask, IServerStreamWriter<Wire.FilesPart> to, ServerCallContext call)
    {
        var peer = identity.Of(call);
        if (peer.Role != PeerRole.Server && RelayRules.RefusesFiles(peer, ask.Hash, Known(peer)) is { } refusal)
            throw Denied(refusal);
        // A server that asks has asked the others itself.
        var has = peer.Role == PeerRole.Server
            ? files.Has(ask.Hash)
            : await files.TryFetchAsync(ask.Hash, call.CancellationToken).ConfigureAwait(false);
        if (!has) throw new RpcException(new Status(StatusCode.NotFound, $"no server has the files {ask.Hash}"));
        var folder = files.Open(ask.Hash);
        await FolderParts.SendAsync(folder, part => to.WriteAsync(part, call.CancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Where gateways' figures are kept; null: they are not.</summary>
    public Observing.TrafficDesk? Desk { get; init; }

    public override Task<Wire.Nothing> Report(Wire.ReportAsk ask, ServerCallContext call)
    {
        var peer = identity.Of(call);
        if (peer.Role != PeerRole.Gateway) throw Denied("only gateways report what they have counted");
        if (Desk?.Take(peer.Name.Value, ask.Traffic) == false)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "the report is not of the known form"));
        return Task.FromResult(new Wire.Nothing());
    }

    public override async Task<Wire.Nothing> Keep(Wire.FilesAsk ask, ServerCallContext call)
    {
        if (identity.Of(call).Role != PeerRole.Server) throw Denied("only servers ask servers to keep files");
        if (!await files.TryFetchAsync(ask.Hash, call.CancellationToken).ConfigureAwait(false))
            throw new RpcException(new Status(StatusCode.NotFound, $"no server has the files {ask.Hash}"));
        return new Wire.Nothing();
    }

    /// <summary>The revisions, and what a peer is assigned.</summary>
    private ClusterState Known(PeerIdentity peer)
    {
        var (revisions, assigned) = (feed.Range(Keys.Revisions), feed.Range(Keys.Assigned(peer.Name)));
        // Without them it cannot be told what is a secret; the peer asks the next server.
        if (revisions.Status != StoreStatus.Ok)
            throw new RpcException(new Status(StatusCode.Unavailable, revisions.Error));
        return ClusterState.From(revisions with { Pairs = [.. revisions.Pairs, .. assigned.Pairs] });
    }

    /// <summary>This server granted it, or a key of the caller's hangs on it, which another server's grant
    /// shows.</summary>
    private async Task<bool> OwnsAsync(PeerIdentity peer, long lease, CancellationToken cancellation)
    {
        if (_owners.TryGetValue(lease, out var owner)) return owner == peer.ToString();
        if (!MayOwn(peer, lease)) return false;
        foreach (var key in RelayRules.KeysOf(peer))
        {
            var known = feed.Range(key).Pairs.FirstOrDefault(p => p.Key == key && p.Lease == lease)
                ?? (await store.CommitAsync(new Txn { Then = [new StoreOp.Get(key)] }, cancellation)
                    .ConfigureAwait(false)).Gets.FirstOrDefault(p => p?.Lease == lease);
            if (known is null) continue;
            _owners[lease] = peer.ToString();
            return true;
        }
        return false;
    }

    /// <summary>What this server granted it knows; of another server's grants the keys on them tell.</summary>
    private bool MayOwn(PeerIdentity peer, long lease) => _owners.TryGetValue(lease, out var owner)
        ? owner == peer.ToString()
        : RelayRules.MayOwn(peer, lease, feed.Range("").Pairs);

    private static Txn ReadTxn(Wire.CommitAsk ask)
    {
        try
        {
            return LinkText.Read(ask);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, e.Message));
        }
    }

    private static RpcException Denied(string why) => new(new Status(StatusCode.PermissionDenied, why));
}
