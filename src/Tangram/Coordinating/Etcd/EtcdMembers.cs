using System.Collections.Immutable;

namespace Tangram.Coordinating.Etcd;

/// <summary>Chooses the member that is spoken to. One that works is kept; when it is lost, the others are raced for the
/// first that serves.</summary>
internal sealed class EtcdMembers(EtcdOptions options, TimeProvider time) : IAsyncDisposable
{
    /// <summary>So long each member has before the next in line is tried beside it: members that are powered off do
    /// not answer at all, and must not cost a connection timeout each.</summary>
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(200);

    /// <summary>Between two rounds in which no member could serve.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly List<EtcdConnection> _left = [];
    private volatile EtcdConnection? _current;
    private Task<Reached>? _opening;
    private int _first;
    private bool _failed;
    private bool _closed;
    private ulong _cluster;

    /// <summary>A connection, or why there is none.</summary>
    public readonly record struct Reached(EtcdConnection? Connection, string Error);

    /// <summary>Sentences about the members seen so far that an operator should read.</summary>
    public ImmutableSortedSet<string> Warnings { get; private set; } = options.Endpoints
        .Where(endpoint => new Uri(endpoint) is { Scheme: "http", IsLoopback: false })
        .Select(endpoint => $"etcd at {endpoint} is spoken to in plain text: whoever is on that network can change " +
                            "the cluster. Use https:// and certificates.")
        .ToImmutableSortedSet(StringComparer.Ordinal);

    public string? Endpoint => _current?.Endpoint;

    /// <summary>The member in use, or the outcome of one round of trying all of them.</summary>
    public Task<Reached> ReachAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_closed) return Task.FromResult(new Reached(null, Closed.Error));
            if (_current is { IsLost: false } current) return Task.FromResult(new Reached(current, ""));
            if (_opening is null or { IsCompleted: true }) _opening = OpenAsync();
            return _opening.WaitAsync(cancellation);
        }
    }

    /// <summary>Turns away from a member, for all.</summary>
    public void Leave(EtcdConnection connection, string why)
    {
        lock (_gate)
        {
            if (_current == connection)
            {
                _first = (options.Endpoints.ToList().IndexOf(connection.Endpoint) + 1) % options.Endpoints.Count;
                _current = null;
                _left.Add(connection);
            }
        }
        connection.Lose(why);
    }

    public async ValueTask DisposeAsync()
    {
        Task<Reached>? opening;
        lock (_gate) (_closed, opening) = (true, _opening);
        await _closing.CancelAsync();
        if (opening is not null) await opening;
        if (_current is { } current) await current.DisposeAsync();
        foreach (var left in _left) await left.DisposeAsync();
    }

    private async Task<Reached> OpenAsync()
    {
        await Task.Yield();
        await SweepAsync();
        try
        {
            if (_failed) await Task.Delay(Pause, time, _closing.Token);
            var reached = await RaceAsync();
            _failed = reached.Connection is null;
            return reached;
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            return new Reached(null, Closed.Error);
        }
    }

    /// <summary>Waits for the end of what was left before; it has nothing left to do.</summary>
    private async Task SweepAsync()
    {
        EtcdConnection[] left;
        lock (_gate)
        {
            left = [.. _left];
            _left.Clear();
        }
        foreach (var connection in left) await connection.DisposeAsync();
    }

    private async Task<Reached> RaceAsync()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        var racing = new List<Task<EtcdConnection>>();
        var failures = new List<string>();
        EtcdConnection? winner = null;
        for (var started = 0; winner is null && (started < options.Endpoints.Count || racing.Count > 0);)
        {
            var headStart = Task.Delay(Timeout.InfiniteTimeSpan, time, over.Token);
            if (started < options.Endpoints.Count)
            {
                var endpoint = options.Endpoints[(_first + started++) % options.Endpoints.Count];
                racing.Add(EtcdConnection.OpenAsync(endpoint, options, time, over.Token));
                headStart = Task.Delay(HeadStart, time, over.Token);
            }
            var ended = await Task.WhenAny([.. racing, headStart]);
            if (ended is Task<EtcdConnection> opened)
            {
                racing.Remove(opened);
                winner = await AdmitAsync(opened, failures);
            }
        }
        await over.CancelAsync();
        foreach (var late in racing)
            if (await AdmitAsync(late, failures) is { } second)
                await second.DisposeAsync();
        return winner is null ? new Reached(null, string.Join("; ", failures)) : Take(winner);
    }

    private async Task<EtcdConnection?> AdmitAsync(Task<EtcdConnection> opened, List<string> failures)
    {
        try
        {
            var connection = await opened;
            if (_cluster == 0 || _cluster == connection.ClusterId) return connection;
            await connection.DisposeAsync();
            failures.Add($"{connection.Endpoint} belongs to another etcd cluster than the member used before: name " +
                         "members of one only, and restart this process if etcd was made anew");
        }
        catch (StoreConnectionException e)
        {
            failures.Add(e.Message);
        }
        return null;
    }

    private Reached Take(EtcdConnection connection)
    {
        lock (_gate)
        {
            _cluster = connection.ClusterId;
            if (EtcdVersion.Judge(connection.Endpoint, connection.Version).Warning is { } warning)
                Warnings = Warnings.Add(warning);
            _current = connection;
        }
        connection.Guard(Leave);
        return new Reached(connection, "");
    }
}
