using System.Threading.Channels;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The store of one machine, in one SQLite file. One loop owns the engine: it takes every mutation that waits,
/// applies them, writes all that changed in one commit, and only then answers and lets readers and watchers see it.
/// Renewals of leases stay in memory, so an idle cluster writes nothing; a restart grants every lease its whole
/// TTL.</summary>
internal sealed class SqliteStore : IStore
{
    /// <summary>The most mutations that wait; more wait in their callers.</summary>
    private const int MostWaiting = 4_096;

    /// <summary>The most mutations of one commit. More gain nothing, since the cost of the sync is spread thin by then,
    /// and make the first wait for the last.</summary>
    private const int MostPerCommit = 512;

    /// <summary>After a failed write, leases that have ended are tried again so often.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Channel<Request> _waiting = Channel.CreateBounded<Request>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    private readonly IJournal _journal;
    private readonly TimeProvider _time;
    private readonly StoreEngine _engine;
    private readonly Watchers _watchers;
    private readonly LeaseTimer _timer;
    private readonly Task _loop;

    /// <summary>What was being written when the outcome became unknown.</summary>
    private (StoreState State, List<StoreBatch> Batches, string Because)? _unsure;

    internal SqliteStore(IJournal journal, TimeProvider time)
    {
        (_journal, _time) = (journal, time);
        _engine = new StoreEngine(journal.Load(time.Now()));
        _watchers = new Watchers(_engine.State);
        _timer = new LeaseTimer(time, WakeForLeases);
        _timer.WakeAt(_engine.State.NextDeadline);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>See <see cref="IJournal.Epoch"/>.</summary>
    public long Epoch => _journal.Epoch;

    /// <summary>Opens or creates the store in a file, whose folder must exist. Throws <see cref="StoreFileException"/>
    /// when the file is in use, damaged, not a store, or written by a newer version.</summary>
    public static Task<SqliteStore> OpenAsync(string path, TimeProvider time) =>
        Task.Run(() =>
        {
            var journal = SqliteJournal.Open(path);
            try
            {
                return new SqliteStore(journal, time);
            }
            catch
            {
                journal.Dispose();
                throw;
            }
        });

    public Task<RangeAnswer> RangeAsync(string prefix, CancellationToken cancellation = default)
    {
        if (cancellation.IsCancellationRequested) return Task.FromCanceled<RangeAnswer>(cancellation);
        return Task.FromResult(_waiting.Reader.Completion.IsCompleted ? Closed.Range : _watchers.Range(prefix));
    }

    public Task<TxnAnswer> CommitAsync(Txn txn, CancellationToken cancellation = default) => AskAsync(
        write =>
        {
            var (answer, batch) = _engine.Apply(txn);
            write.Add(batch);
            return answer;
        },
        TxnAnswer.Failed, cancellation);

    public Task<LeaseAnswer> GrantAsync(TimeSpan ttl, CancellationToken cancellation = default) => AskAsync(
        write =>
        {
            var answer = _engine.Grant(ttl, _time.Now());
            write.Leases[answer.Lease] = ttl;
            return answer;
        },
        (status, error) => new LeaseAnswer(status, 0, TimeSpan.Zero, error), cancellation);

    public Task<LeaseAnswer> KeepAliveAsync(long lease, CancellationToken cancellation = default)
    {
        // The lease lives from the moment at which its renewal came, however long the disk keeps it waiting.
        var came = _time.Now();
        return AskAsync(
            _ => _engine.KeepAlive(lease, came),
            (status, error) => new LeaseAnswer(status, lease, TimeSpan.Zero, error), cancellation, inMemory: true);
    }

    public Task<LeaseAnswer> RevokeAsync(long lease, CancellationToken cancellation = default) => AskAsync(
        write => Revoke(lease, write),
        (status, error) => new LeaseAnswer(status, lease, TimeSpan.Zero, error), cancellation);

    public IAsyncEnumerable<StoreBatch> WatchAsync(
        string prefix, long fromRevision, CancellationToken cancellation = default) =>
        _watchers.WatchAsync(prefix, fromRevision, cancellation);

    public Task<TxnAnswer> CompactAsync(long revision, CancellationToken cancellation = default) =>
        AskAsync(_ => _engine.Compact(revision), TxnAnswer.Failed, cancellation);

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        _waiting.Writer.TryComplete();
        await _loop;
    }

    private async Task<T> AskAsync<T>(
        Func<StoreWrite, T> apply, Func<StoreStatus, string, T> failed, CancellationToken cancellation,
        bool inMemory = false)
    {
        cancellation.ThrowIfCancellationRequested();
        var request = new Request<T>(apply, failed) { InMemory = inMemory };
        try
        {
            await _waiting.Writer.WriteAsync(request, cancellation);
        }
        catch (ChannelClosedException)
        {
            return failed(StoreStatus.Unavailable, Closed.Error);
        }
        return await request.Answer.WaitAsync(cancellation);
    }

    private async Task RunAsync()
    {
        var requests = new List<Request>(MostPerCommit);
        try
        {
            while (await _waiting.Reader.WaitToReadAsync())
            {
                while (requests.Count < MostPerCommit && _waiting.Reader.TryRead(out var request))
                    requests.Add(request);
                Serve(requests);
                requests.Clear();
            }
        }
        finally
        {
            // Also after a broken invariant: nobody may wait for an answer that will never come.
            _waiting.Writer.TryComplete();
            foreach (var request in requests) request.Fail(StoreStatus.Unknown, Closed.Error);
            while (_waiting.Reader.TryRead(out var late)) late.Fail(StoreStatus.Unavailable, Closed.Error);
            _watchers.Close();
            _journal.Dispose();
        }
    }

    private void Serve(List<Request> requests)
    {
        // First and apart from the disk, so that a full disk ends no lease, and a failed write takes no renewal back.
        foreach (var request in requests.Where(request => request.InMemory)) request.ApplyTo(new StoreWrite());
        foreach (var request in requests.Where(request => request.InMemory)) request.Complete();
        var mutations = requests.Where(request => !request.InMemory).ToList();
        if (mutations.Count == 0) return;
        if (!Settled())
        {
            Fail(mutations, new JournalAnswer(StoreStatus.Unavailable,
                $"the last write is not settled yet: {_unsure?.Because}"));
            return;
        }
        var before = _engine.State;
        var write = new StoreWrite();
        foreach (var request in mutations) request.ApplyTo(write);
        var after = _engine.State;
        (write.Revision, write.LastLease) = (after.Revision, after.LastLease);
        var answer = write.Size == 0 ? new JournalAnswer(StoreStatus.Ok) : _journal.Write(write);
        if (answer.Status == StoreStatus.Ok)
        {
            _watchers.Publish(after, write.Batches);
            _timer.WakeAt(after.NextDeadline);
            foreach (var request in mutations) request.Complete();
            return;
        }
        _engine.Restore(before);
        if (answer.Status == StoreStatus.Unknown)
        {
            _unsure = (after, write.Batches, answer.Error);
            // What the file does not hold when it is read again can no longer appear in it, so that is certain.
            if (Settled() && ReferenceEquals(_engine.State, before))
                answer = answer with { Status = StoreStatus.Unavailable };
        }
        Fail(mutations, answer);
    }

    /// <summary>False while a write of unknown outcome may still turn out to be in the journal.</summary>
    private bool Settled()
    {
        if (_unsure is not var (state, batches, _)) return true;
        if (_journal.Settle() is not { } written) return false;
        _unsure = null;
        if (written)
        {
            // Renewals since then went to the state before it: a full TTL for all is the safe side.
            _engine.Restore(state.Renewed(_time.Now()));
            _watchers.Publish(_engine.State, batches);
        }
        return true;
    }

    private void Fail(List<Request> mutations, JournalAnswer answer)
    {
        // What changed nothing has certainly not happened, though it may have read what was never written.
        foreach (var request in mutations)
            request.Fail(request.Wrote ? answer.Status : StoreStatus.Unavailable, answer.Error);
        if (_engine.State.NextDeadline is { } next)
        {
            var retry = _time.Now() + RetryPause;
            _timer.WakeAt(next > retry ? next : retry);
        }
    }

    private void WakeForLeases()
    {
        var expire = new Request<LeaseAnswer>(
            write =>
            {
                foreach (var lease in _engine.State.Due(_time.Now())) Revoke(lease, write);
                return Closed.Lease;
            },
            (_, _) => Closed.Lease);
        // Behind the renewals that came before it. When there is no room, the callers keep the loop busy anyway.
        if (!_waiting.Writer.TryWrite(expire)) _timer.WakeAt(_time.Now() + RetryPause);
    }

    private LeaseAnswer Revoke(long lease, StoreWrite write)
    {
        if (_engine.State.Leases.ContainsKey(lease)) write.Leases[lease] = null;
        var (answer, batch) = _engine.Revoke(lease);
        write.Add(batch);
        return answer;
    }

    private abstract class Request
    {
        /// <summary>It neither needs nor waits for the disk.</summary>
        public bool InMemory { get; init; }

        public bool Wrote { get; private set; }

        public void ApplyTo(StoreWrite write)
        {
            var before = write.Size;
            Apply(write);
            Wrote = write.Size > before;
        }

        public abstract void Complete();
        public abstract void Fail(StoreStatus status, string error);
        protected abstract void Apply(StoreWrite write);
    }

    private sealed class Request<T>(Func<StoreWrite, T> apply, Func<StoreStatus, string, T> failed) : Request
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _applied;

        public Task<T> Answer => _answer.Task;

        public override void Complete() => _answer.TrySetResult(_applied!);

        public override void Fail(StoreStatus status, string error) => _answer.TrySetResult(failed(status, error));

        protected override void Apply(StoreWrite write)
        {
            try
            {
                _applied = apply(write);
            }
            catch (ArgumentException e)
            {
                // The engine takes all of a request or nothing, so a caller's mistake is that caller's alone.
                _answer.TrySetException(e);
            }
        }
    }
}
