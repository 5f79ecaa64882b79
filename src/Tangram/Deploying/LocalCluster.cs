using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Planning;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Deploying;

/// <summary>`tangram up`: a <see cref="ClusterHost"/> with its event log and its API, and the file that was given as
/// what is asked for.</summary>
internal sealed class LocalCluster
{
    private readonly ClusterHost _host;
    private readonly EventLog _events;
    private readonly CommandRunner _commands;
    private readonly RevisionMaker _maker;
    private readonly ClusterPort _port;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _atOnce = new();
    private readonly Lock _gate = new();
    private ApiServer? _api;
    private readonly CancellationTokenSource _drilling = new();
    private Task _drills = Task.CompletedTask;
    private Task? _stopping;

    private LocalCluster(ClusterHost host, EventLog events, string name, TimeProvider clock)
    {
        (_host, _events, _maker) = (host, events, new RevisionMaker(host.Files, host.Store, () => host.State));
        _port = new ClusterPort
        {
            Cluster = name, Store = host.Store, State = () => host.State, Events = events, Clock = clock,
            Listen = host.Listen, Readings = host.Readings, Gateway = host.OfGateway,
            Traffic = () => [host.Traffic()], Metrics = host.Metrics,
            Prepare = _maker.KeepAsync,
            Kill = Kill, Detour = host.Detour, Expire = host.Expire,
            Revive = node => Names.IsValid(node) ? host.Nodes.Revive(NodeName.Of(node)) : $"there is no node '{node}'",
            Down = () => _ = StopInOrder(), Leave = () => _ = Leave(),
            Hash = _maker.Look,
            Refusals = subject => [.. host.Waiting.Where(w => w.Service.Value == subject).Select(w => w.Because)],
        };
        _commands = new CommandRunner(_port);
    }

    public static async Task<RunningCluster> StartAsync(UpRequest request, TimeProvider clock,
        Func<string, string?> variable, CancellationToken cancellation)
    {
        var folder = Path.Combine(request.StateRoot, request.Spec.Name);
        EventLog? events = null;
        var host = await ClusterHost.StartAsync(request, clock, (subject, what) =>
        {
            lock (folder) events ??= EventLog.At(Path.Combine(folder, "events.jsonl"), clock);
            events.Add(subject, what);
        }).ConfigureAwait(false);
        lock (folder) events ??= EventLog.At(Path.Combine(folder, "events.jsonl"), clock);
        var cluster = new LocalCluster(host, events, request.Spec.Name, clock);
        try
        {
            cluster._api = await ApiServer.StartAsync(cluster._port,
                SocketPlace.ForDaemon(request.StateRoot, request.Spec.Name, variable),
                    cancellation).ConfigureAwait(false);
            await cluster.AskAsync(request.Spec, cancellation).ConfigureAwait(false);
        }
        catch
        {
            await cluster.LetGoAsync().ConfigureAwait(false);
            throw;
        }
        cluster._drills = new ScheduledDrillLoop(() => host.State,
            new FaultPlace(request.Spec.Name, SocketPlace.Of(request.StateRoot, request.Spec.Name), folder),
            events.Add, clock).RunAsync(cluster._drilling.Token);
        cluster.WatchOver();
        return new RunningCluster
        {
            Status = () =>
                Look.Status(host.State, request.Spec.Name), Events = events, StopInOrder = cluster.StopInOrder,
            StopAtOnce = cluster._atOnce.Cancel, Ended = cluster._ended.Task,
        };
    }

    private async Task AskAsync(ClusterSpec spec, CancellationToken cancellation)
    {
        var (prepared, error) = await _maker.KeepAsync(spec, cancellation).ConfigureAwait(false);
        if (prepared is null) throw new CommandFailure(Exit.Arguments, error!);
        var (_, refused) =
            await _commands.RunAsync((state, stamp) => Commands.Deploy(state, stamp, prepared, supersede: true),
            cancellation).ConfigureAwait(false);
        if (refused is not null) throw new CommandFailure(Exit.Failed, refused.Error);
    }

    private string? Kill(string subject, TimeSpan? revivedAfter)
    {
        if (!Names.IsValid(subject)) return $"'{subject}' is no name of a node or a replica";
        if (_host.Nodes.Names.Contains(NodeName.Of(subject)))
            return _host.Nodes.Kill(NodeName.Of(subject), revivedAfter);
        return revivedAfter is null
            ? _host.Nodes.Kill(ReplicaName.Of(subject))
            : $"a time can be given for a node only; {subject} is not one of {string.Join(", ", _host.Nodes.Names)}";
    }

    /// <summary>The first call begins; every call returns the same task.</summary>
    private Task StopInOrder()
    {
        lock (_gate) return _stopping ??= Task.Run(() => StopAsync(leave: false));
    }

    /// <summary>The replicas go on, and the next daemon takes over.</summary>
    private Task Leave()
    {
        lock (_gate) return _stopping ??= Task.Run(() => StopAsync(leave: true));
    }

    private async Task StopAsync(bool leave)
    {
        try
        {
            _events.Add(_port.Cluster, leave ? "this daemon leaves; the replicas go on" : "stops in order");
            if (!leave) await _host.StopClusterAsync(_atOnce.Token).ConfigureAwait(false);
            await LetGoAsync(handOver: leave).ConfigureAwait(false);
            _ended.TrySetResult(leave ? "left; the replicas go on" : "stopped");
        }
        catch (Exception e)
        {
            _ended.TrySetException(e);
            throw;
        }
    }

    /// <summary>A part that fails takes the process down; the replicas live on, and the next `up` adopts
    /// them.</summary>
    private void WatchOver() => _ = Task.WhenAny(_host.Failed, _drills).Unwrap().ContinueWith(failed =>
    {
        lock (_gate) if (_stopping is not null) return;
        _ended.TrySetException(
            failed.Exception?.InnerException ?? new InvalidOperationException("a part of the cluster ended"));
    }, TaskScheduler.Default);

    private async Task LetGoAsync(bool handOver = false)
    {
        // A drill that is held goes on: it is a process of its own.
        await _drilling.CancelAsync().ConfigureAwait(false);
        await _drills.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_api is not null) await _api.DisposeAsync().ConfigureAwait(false);
        // The next daemon writes it from the moment at which it may have the state.
        if (handOver) _events.Dispose();
        if (handOver) await _host.HandOverAsync().ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
        _events.Dispose();
    }
}
