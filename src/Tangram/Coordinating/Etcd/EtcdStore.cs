using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Tangram.Coordinating.Etcd;

/// <summary>The store of several machines: etcd, spoken to over gRPC. It speaks to one member at a time and moves to
/// another when that one fails. What may be repeated is repeated there until the call's time is over; a mutation that
/// may have been received is not, and its outcome is <see cref="StoreStatus.Unknown"/>.</summary>
/// <remarks>etcd 3.4 forgets a deletion at the very revision to which it is compacted, and then skips it silently in a
/// watch from there. So we compact to one revision less than asked, and open every watch one revision earlier: what a
/// watch is owed is then always above the compacted revision, or said to be gone.</remarks>
internal sealed class EtcdStore : IStore
{
    /// <summary>Before a call is repeated, so that a member that fails at once is not flooded.</summary>
    private static readonly TimeSpan RepeatPause = TimeSpan.FromMilliseconds(50);

    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly EtcdKeys _keys;
    private readonly EtcdMembers _members;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _compaction;

    /// <summary>Reads no file and connects to nothing yet: calls and watches do, and wait for etcd. Throws
    /// <see cref="StoreConnectionException"/> with all problems of the options.</summary>
    public EtcdStore(EtcdOptions options, TimeProvider time)
    {
        if (options.Problems() is { Count: > 0 } problems)
            throw new StoreConnectionException(string.Join("\n", problems));
        (_options, _time) = (options, time);
        _keys = new EtcdKeys(options.KeyPrefix);
        _members = new EtcdMembers(options, time);
        _compaction = options.Compacts ? new EtcdCompaction(this, time).RunAsync(_closing.Token) : Task.CompletedTask;
    }

    /// <summary>Sentences for the operator about what the members seen so far are too old for.</summary>
    public IReadOnlyCollection<string> Warnings => _members.Warnings;

    /// <summary>The member in use, or null.</summary>
    public string? Endpoint => _members.Endpoint;

    /// <summary>Opens the store and waits for the first answer, at most for the call timeout. Throws
    /// <see cref="StoreConnectionException"/>, which says what is wrong with each member.</summary>
    public static async Task<EtcdStore> OpenAsync(
        EtcdOptions options, TimeProvider time, CancellationToken cancellation = default)
    {
        var store = new EtcdStore(options, time);
        try
        {
            var answer = await store.CommitAsync(new Txn(), cancellation);
            if (answer.Status == StoreStatus.Ok) return store;
            throw new StoreConnectionException($"etcd cannot be used: {answer.Error}");
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public Task<RangeAnswer> RangeAsync(string prefix, CancellationToken cancellation = default) => AskAsync(
        async (connection, call) =>
        {
            var (from, end) = _keys.Under(prefix);
            var range = await connection.Kv.RangeAsync(new Wire.RangeRequest { Key = from, RangeEnd = end }, call);
            return new RangeAnswer(StoreStatus.Ok, range.Header.Revision, [.. range.Kvs.Select(_keys.Read)]);
        },
        (status, error) => new RangeAnswer(status, 0, [], error), Repeat.Read, cancellation);

    public Task<TxnAnswer> CommitAsync(Txn txn, CancellationToken cancellation = default)
    {
        if (TxnRules.Broken(txn) is { } broken && !cancellation.IsCancellationRequested)
            return Task.FromResult(TxnAnswer.Failed(StoreStatus.Unavailable, broken));
        return AskAsync(
            async (connection, call) =>
                EtcdTxn.Read(await connection.Kv.TxnAsync(txn.Write(_keys), call), _keys),
            TxnAnswer.Failed, txn.OnlyReads() ? Repeat.Read : Repeat.Never, cancellation);
    }

    /// <summary>The TTL is in whole seconds, rounded up, and at least what etcd grants: 1.5 times its election timeout.
    /// Throws when it is not positive or longer than <see cref="StoreEngine.LongestTtl"/>.</summary>
    public Task<LeaseAnswer> GrantAsync(TimeSpan ttl, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ttl, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ttl, StoreEngine.LongestTtl);
        var request = new Wire.LeaseGrantRequest { Ttl = (long)Math.Ceiling(ttl.TotalSeconds) };
        return AskAsync(
            async (connection, call) =>
            {
                var lease = await connection.Lease.LeaseGrantAsync(request, call);
                return new LeaseAnswer(StoreStatus.Ok, lease.Id, TimeSpan.FromSeconds(lease.Ttl));
            },
            (status, error) => new LeaseAnswer(status, 0, TimeSpan.Zero, error), Repeat.Never, cancellation);
    }

    public Task<LeaseAnswer> KeepAliveAsync(long lease, CancellationToken cancellation = default) => AskAsync(
        async (connection, call) =>
        {
            var request = new Wire.LeaseKeepAliveRequest { Id = lease };
            using var stream = connection.Lease.LeaseKeepAlive(call);
            await stream.RequestStream.WriteAsync(request, CancellationToken.None);
            await stream.RequestStream.CompleteAsync();
            if (!await stream.ResponseStream.MoveNext(call.CancellationToken))
                throw new RpcException(new Status(StatusCode.Unavailable, "a renewal was not answered"));
            var ttl = TimeSpan.FromSeconds(stream.ResponseStream.Current.Ttl);
            return new LeaseAnswer(StoreStatus.Ok, lease, ttl);
        },
        (status, error) => new LeaseAnswer(status, lease, TimeSpan.Zero, error), Repeat.Harmless, cancellation);

    public Task<LeaseAnswer> RevokeAsync(long lease, CancellationToken cancellation = default)
    {
        var ended = new LeaseAnswer(StoreStatus.Ok, lease, TimeSpan.Zero);
        return AskAsync(
            async (connection, call) =>
            {
                await connection.Lease.LeaseRevokeAsync(new Wire.LeaseRevokeRequest { Id = lease }, call);
                return ended;
            },
            (status, error) => ended with { Status = status, Error = error }, Repeat.Harmless, cancellation,
            refusal => refusal.Code == StatusCode.NotFound ? ended : null);
    }

    public async Task<TxnAnswer> CompactAsync(long revision, CancellationToken cancellation = default)
    {
        var now = await CommitAsync(new Txn(), cancellation);
        if (now.Status != StoreStatus.Ok || revision <= 1) return now;
        if (revision > now.Revision)
            return TxnAnswer.Failed(StoreStatus.Unavailable,
                $"revision {revision} is still to come, the newest is {now.Revision}");
        var request = new Wire.CompactionRequest { Revision = revision - 1 };
        return await AskAsync(
            async (connection, call) =>
            {
                await connection.Kv.CompactAsync(request, call);
                return now;
            },
            TxnAnswer.Failed, Repeat.Harmless, cancellation,
            // It is not still to come, so it has been compacted already.
            refusal => refusal.Code == StatusCode.OutOfRange ? now : null);
    }

    /// <summary>Goes on at another member when one is lost, without a gap and without repeating anything.</summary>
    public async IAsyncEnumerable<StoreBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closing.Token);
        var next = fromRevision;
        while (!ended.IsCancellationRequested)
        {
            using var watch = await OpenWatchAsync(prefix, next, ended.Token);
            while (watch is not null && await watch.NextAsync() is { } batches)
                foreach (var batch in batches)
                {
                    if (ended.IsCancellationRequested) break;
                    yield return batch;
                    if (batch.Compacted) yield break;
                    next = batch.Revision + 1;
                }
            if (watch is not null) await LeaveAsync(watch.Connection, watch.End, ended.Token);
        }
        cancellation.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _compaction;
        await _members.DisposeAsync();
    }

    private async Task<EtcdWatch?> OpenWatchAsync(string prefix, long from, CancellationToken ended)
    {
        EtcdConnection? connection = null;
        try
        {
            connection = (await _members.ReachAsync(ended)).Connection;
            if (connection is null) return null;
            return await EtcdWatch.OpenAsync(connection, _keys, prefix, from, ended);
        }
        catch (Exception e) when (EtcdFault.Expected(e))
        {
            if (connection is not null) await LeaveAsync(connection, EtcdFault.Words(e), ended);
            return null;
        }
    }

    private async Task LeaveAsync(EtcdConnection connection, string why, CancellationToken ended)
    {
        if (ended.IsCancellationRequested) return;
        _members.Leave(connection, why);
        await PauseAsync(ended);
    }

    private async Task PauseAsync(CancellationToken ended)
    {
        try
        {
            await Task.Delay(RepeatPause, _time, ended);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
        }
    }

    /// <summary>What may be done when an answer was lost.</summary>
    private enum Repeat
    {
        /// <summary>It changes nothing, so it cannot have happened either.</summary>
        Read,
        /// <summary>Doing it twice is doing it once, but it may have happened.</summary>
        Harmless,
        Never,
    }

    /// <param name="forgive">The answer to a refusal that is none, or null.</param>
    private async Task<T> AskAsync<T>(
        Func<EtcdConnection, CallOptions, Task<T>> ask, Func<StoreStatus, string, T> failed, Repeat repeat,
        CancellationToken cancellation, Func<EtcdFault, T?>? forgive = null) where T : class
    {
        cancellation.ThrowIfCancellationRequested();
        using var limit = new CancellationTokenSource(_options.CallTimeout, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token, _closing.Token);
        var (status, error) = (StoreStatus.Unavailable, "no member was reached in time");
        while (!ended.IsCancellationRequested)
        {
            try
            {
                var reached = await _members.ReachAsync(ended.Token);
                if (reached.Connection is not { } connection)
                {
                    error = reached.Error;
                    continue;
                }
                var (answer, fault) = await TryAsync(ask, connection, ended.Token);
                if (fault is null) return answer!;
                error = connection.IsLost ? connection.Loss : $"{connection.Endpoint}: {fault.Error}";
                if (fault.Fate == EtcdFate.Refused)
                    return forgive?.Invoke(fault) ?? failed(status, error);
                if (fault.Fate == EtcdFate.Lost && repeat != Repeat.Read) status = StoreStatus.Unknown;
                if (!ended.IsCancellationRequested) _members.Leave(connection, fault.Error);
                if (status == StoreStatus.Unknown && repeat == Repeat.Never) break;
                await PauseAsync(ended.Token);
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
            }
        }
        cancellation.ThrowIfCancellationRequested();
        if (_closing.IsCancellationRequested) return failed(status, Closed.Error);
        return failed(status, $"{error} (given up after {_options.CallTimeout.TotalSeconds} s)");
    }

    private static async Task<(T? Answer, EtcdFault? Fault)> TryAsync<T>(
        Func<EtcdConnection, CallOptions, Task<T>> ask, EtcdConnection connection, CancellationToken ended)
        where T : class
    {
        try
        {
            return (await ask(connection, EtcdConnection.Call(ended)), null);
        }
        catch (Exception e) when (EtcdFault.Expected(e))
        {
            return (null, EtcdFault.Of(e));
        }
    }
}
