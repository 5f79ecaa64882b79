using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Tangram.Coordinating.Link;

/// <summary>The store as agents and gateways have it: through a server, which relays what they may do. What is read
/// may be a moment old, and never older than what was read before.</summary>
internal sealed class LinkStore(ServerLink link, LinkOptions options, TimeProvider time) : IStore
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    public Task<RangeAnswer> RangeAsync(string prefix, CancellationToken cancellation = default) => AskAsync(
        async (channel, call) =>
            LinkText.Read(await channel.Server.RangeAsync(new Wire.RangeAsk { Prefix = prefix }, call)),
        (status, error) => new RangeAnswer(status, 0, [], error), repeat: true, cancellation);

    public Task<TxnAnswer> CommitAsync(Txn txn, CancellationToken cancellation = default) => AskAsync(
        async (channel, call) => LinkText.Read(await channel.Server.CommitAsync(LinkText.Write(txn), call)),
        TxnAnswer.Failed, repeat: false, cancellation);

    public Task<LeaseAnswer> GrantAsync(TimeSpan ttl, CancellationToken cancellation = default) =>
        LeaseAsync(Wire.LeaseAsk.Types.Kind.Grant, 0, ttl, repeat: false, cancellation);

    public Task<LeaseAnswer> KeepAliveAsync(long lease, CancellationToken cancellation = default) =>
        LeaseAsync(Wire.LeaseAsk.Types.Kind.KeepAlive, lease, default, repeat: true, cancellation);

    public Task<LeaseAnswer> RevokeAsync(long lease, CancellationToken cancellation = default) =>
        LeaseAsync(Wire.LeaseAsk.Types.Kind.Revoke, lease, default, repeat: true, cancellation);

    public Task<TxnAnswer> CompactAsync(long revision, CancellationToken cancellation = default) =>
        Task.FromResult(TxnAnswer.Failed(StoreStatus.Unavailable, "only servers compact the store"));

    /// <summary>Goes on at another server when one is lost, without a gap.</summary>
    public async IAsyncEnumerable<StoreBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var next = fromRevision;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var channel = await link.ReachAsync(cancellation).ConfigureAwait(false);
            if (channel is not null)
            {
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, channel.Lost);
                using var stream = channel.Server.Watch(
                    new Wire.WatchAsk { Prefix = prefix, FromRevision = next }, channel.Call(ending.Token));
                while (await NextAsync(stream, ending.Token).ConfigureAwait(false) is { } batch)
                {
                    yield return batch;
                    if (batch.Compacted) yield break;
                    next = batch.Revision + 1;
                }
            }
            await Task.Delay(Again, time, cancellation).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => link.DisposeAsync();

    private static async Task<StoreBatch?> NextAsync(AsyncServerStreamingCall<Wire.BatchSaid> stream,
        CancellationToken ending)
    {
        try
        {
            return await stream.ResponseStream.MoveNext(ending).ConfigureAwait(false)
                ? LinkText.Read(stream.ResponseStream.Current)
                : null;
        }
        catch (Exception e) when (LinkChannel.Expected(e))
        {
            return null;
        }
    }

    private Task<LeaseAnswer> LeaseAsync(Wire.LeaseAsk.Types.Kind kind, long lease, TimeSpan ttl, bool repeat,
        CancellationToken cancellation) => AskAsync(
        async (channel, call) => LinkText.Read(await channel.Server.LeaseAsync(
            new Wire.LeaseAsk { Kind = kind, Lease = lease, TtlMs = (long)ttl.TotalMilliseconds }, call)),
        (status, error) => new LeaseAnswer(status, lease, TimeSpan.Zero, error), repeat, cancellation);

    /// <summary>What may be repeated, or was never sent, goes to the next server while its time lasts; of anything else
    /// that got no answer it is unknown whether it happened.</summary>
    private async Task<T> AskAsync<T>(Func<LinkChannel, CallOptions, Task<T>> ask, Func<StoreStatus, string, T> failed,
        bool repeat, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.CallPatience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        var trouble = "no server answers";
        try
        {
            while (true)
            {
                if (await link.ReachAsync(limit.Token).ConfigureAwait(false) is { } channel)
                {
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, channel.Lost);
                    try
                    {
                        return await ask(channel, channel.Call(either.Token)).ConfigureAwait(false);
                    }
                    catch (Exception e) when (LinkChannel.Expected(e))
                    {
                        trouble = $"{channel.Address}: {LinkChannel.Words(e)}";
                        if (e is RpcException { StatusCode: StatusCode.PermissionDenied or StatusCode.InvalidArgument })
                            return failed(StoreStatus.Unavailable, trouble);
                        if (!repeat && !LinkChannel.NeverSent(e))
                        {
                            cancellation.ThrowIfCancellationRequested();
                            return failed(StoreStatus.Unknown, trouble);
                        }
                        if (LinkChannel.NeverSent(e)) link.Leave(channel, LinkChannel.Words(e));
                    }
                }
                await Task.Delay(Again, time, limit.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return failed(StoreStatus.Unavailable, trouble);
        }
    }
}
