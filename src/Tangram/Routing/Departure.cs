using Microsoft.AspNetCore.Connections;

namespace Tangram.Routing;

/// <summary>The gateway's leaving: from its beginning on every HTTP/1.1 response closes its connection and HTTP/2
/// clients are told to go elsewhere, while new connections are still answered. So clients leave between two requests of
/// their own, and no request meets a connection that we close. Thread-safe.</summary>
internal sealed class Departure
{
    private readonly CancellationTokenSource _begun = new();
    private Group _arriving;
    private long _total, _gone;

    public Departure() => _arriving = new Group(this);

    /// <summary>Connections that were ever added.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Those of them that have not ended.</summary>
    public int Open => (int)(Interlocked.Read(ref _total) - Interlocked.Read(ref _gone));

    /// <summary>Cancelled when it begins.</summary>
    public CancellationToken Begun => _begun.Token;

    public void Begin() => _begun.Cancel();

    public void Add(ConnectionContext connection)
    {
        var group = Volatile.Read(ref _arriving);
        while (!group.TryEnter()) group = Volatile.Read(ref _arriving);
        Interlocked.Increment(ref _total);
        connection.ConnectionClosed.UnsafeRegister(group => ((Group)group!).LeaveAsConnection(), group);
    }

    /// <summary>Done when every connection that was added since the last call has ended.</summary>
    public Task EmptyAsync()
    {
        var group = Interlocked.Exchange(ref _arriving, new Group(this));
        group.Leave();
        return group.Empty;
    }

    /// <summary>Counts one for itself until nobody enters any more.</summary>
    private sealed class Group(Departure departure)
    {
        private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count = 1;

        public Task Empty => _empty.Task;

        /// <summary>False when it has ended already: another group follows it.</summary>
        public bool TryEnter()
        {
            var count = Volatile.Read(ref _count);
            while (count > 0)
            {
                var seen = Interlocked.CompareExchange(ref _count, count + 1, count);
                if (seen == count) return true;
                count = seen;
            }
            return false;
        }

        public void LeaveAsConnection()
        {
            Interlocked.Increment(ref departure._gone);
            Leave();
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref _count) == 0) _empty.TrySetResult();
        }
    }
}
