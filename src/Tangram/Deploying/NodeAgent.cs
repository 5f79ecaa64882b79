using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>The shell around one node's <see cref="AgentMachine"/>: carries out what it decides about
/// replicas.</summary>
internal sealed class NodeAgent
{
    private readonly NodeServices _services;
    private readonly NodeName _node;
    private readonly ZoneName _zone;

    /// <summary>Where replicas shall listen: gateways on other machines must reach them, and our own probes use
    /// loopback.</summary>
    private readonly string _host;
    private readonly SingletonGuard _guard;
    private readonly ProcessRunner _runner;
    private readonly AgentMachine _machine;
    private readonly MachineLoop? _loop;
    private readonly List<Event> _early = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<Effect.Send> _send;
    private readonly CancellationTokenSource _ending = new();
    private readonly HashSet<Task> _work = [];
    private volatile bool _powerless;

    /// <param name="place">What the node is; its incarnation is counted here.</param>
    public NodeAgent(NodeServices services, NodeIdentity place, TimeSpan ttl, Action<Effect.Send> send)
    {
        (_services, _node, _zone, _send) = (services, place.Name, place.Zone, send);
        var node = place.Name;
        _host = place.Address is null ? "127.0.0.1" : "0.0.0.0";
        _guard = new SingletonGuard(services.State.Node(node), services.State.ClusterId, services.Poller);
        _runner =
            new ProcessRunner(services.State.ClusterId, new RecordFolder(services.State.Records(node)), services.Logs,
            services.Cgroups, services.Poller, exit =>
                Post(new ReplicaEvent.Exited(exit.Replica, exit.Starts, exit.Exit, exit.Because)), _guard);
        var adopted = _runner.Adopt();
        foreach (var record in adopted.Running)
            if (record.Port is { } port) services.Ports.Hold(record.Replica, port);
        var survivors =
            adopted.Running.Select(r => Survivor(r, r.Pid)).Concat(adopted.Gone.Select(r => Survivor(r, 0)));
        var identity = place with { Incarnation = NextIncarnation() };
        _machine = new AgentMachine(identity, ttl, survivors, services.Clock.Now, services.Clock.Now + _guard.Left);
        lock (_early)
        {
            _loop = new MachineLoop(_machine, services.Store, services.Clock, Perform);
            foreach (var happened in _early) _loop.Post(happened);
        }
    }

    public NodeName Name => _node;

    public ZoneName Zone => _zone;

    public IReadOnlyList<ReplicaRecord> Running => _runner.Running;

    public void Post(Event @event)
    {
        // A process that was adopted may end before there is a loop.
        lock (_early)
        {
            if (_loop is null)
            {
                _early.Add(@event);
                return;
            }
        }
        _loop.Post(@event);
    }

    /// <summary>Until <see cref="Leave"/> or <see cref="PowerOff"/>.</summary>
    public async Task RunAsync()
    {
        await _loop!.RunAsync(_ending.Token).ConfigureAwait(false);
        await Task.WhenAll(_work).ConfigureAwait(false);
        if (_powerless) await DarkAsync().ConfigureAwait(false);
        _runner.Dispose();
        _guard.Dispose();
    }

    /// <summary>Ends the agent; its replicas go on running.</summary>
    public void Leave() => _ending.Cancel();

    /// <summary>The same, and another agent will follow: the others are told not to mind the silence.</summary>
    public async Task LeaveAsync(TimeSpan atMost)
    {
        Post(new AgentLeaves());
        await Task.WhenAny(_left.Task, Task.Delay(atMost, _services.Clock.Time)).ConfigureAwait(false);
        Leave();
    }

    /// <summary>As if the power went: the agent is gone, the replicas die, and nobody is told.</summary>
    public void PowerOff()
    {
        _powerless = true;
        _ending.Cancel();
        foreach (var record in _runner.Running) _runner.Kill(record.Replica);
    }

    /// <summary>Also what was being started when the power went; and it waits until all have been reaped.</summary>
    private async Task DarkAsync()
    {
        while (_runner.Running is { Count: > 0 } left)
        {
            foreach (var record in left) _runner.Kill(record.Replica);
            await Task.Delay(TimeSpan.FromMilliseconds(20), _services.Clock.Time).ConfigureAwait(false);
        }
    }

    /// <summary>Ends every replica as their specs ask, and returns when none runs.</summary>
    public async Task StopAllAsync(CancellationToken atOnce)
    {
        Post(new StopEverything());
        await _stopped.Task.WaitAsync(atOnce).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (atOnce.IsCancellationRequested) await DarkAsync().ConfigureAwait(false);
    }

    public bool Kill(ReplicaName replica) => _runner.Kill(replica);

    private static Survivor Survivor(ReplicaRecord record, int pid) =>
        new(record.Replica, record.Service, record.Revision, record.Starts, pid, record.Port ?? 0,
            record.Singleton, record.Exit);

    private long NextIncarnation()
    {
        var file = Path.Combine(_services.State.Node(_node), "incarnation");
        var next = File.Exists(file) ? long.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) + 1 : 1;
        DurableFile.Write(file, next.ToString(CultureInfo.InvariantCulture));
        return next;
    }

    private void Perform(Effect effect)
    {
        switch (effect)
        {
            case Effect.Send send: _send(send); break;
            case Effect.Announce announce: _services.Announce(announce.Subject, announce.What); break;
            case AgentLeft: _left.TrySetResult(); break;
            case EverythingStopped: _stopped.TrySetResult(); break;
            case GuardSingletons guard: Guard(guard.Until); break;
            case ReplicaEffect.Launch launch when Missing(launch) is { Length: > 0 } hashes:
                Own(FetchAsync(launch, hashes));
                break;
            case ReplicaEffect.Launch launch: Post(Launch(launch)); break;
            case ReplicaEffect.Signal signal: _runner.Signal(signal.Replica,
                Signals.Number(signal.Name) ?? Native.SigTerm); break;
            case ReplicaEffect.Kill kill: _runner.Kill(kill.Replica); break;
            case ReplicaEffect.Check check: Own(CheckAsync(check)); break;
            case ReplicaEffect.Forget forget:
                _runner.Forget(forget.Replica);
                _services.Ports.Release(forget.Replica);
                break;
        }
    }

    /// <summary>The hashes of what is not on this machine yet.</summary>
    private string[] Missing(ReplicaEffect.Launch launch) => _services.Fetch is null ? []
        : [.. launch.Spec.Hashes.Where(hash => !_services.Files.Has(hash))];

    private async Task FetchAsync(ReplicaEffect.Launch launch, string[] hashes)
    {
        try
        {
            var fetched = true;
            foreach (var hash in hashes)
                fetched = fetched && await _services.Fetch!(hash, _ending.Token).ConfigureAwait(false);
            var happened = fetched
                ? Launch(launch)
                : new ReplicaEvent.Launched(launch.Replica, launch.Start, 0, launch.Port ?? 0,
                    "no server has the files of its revision now");
            await _loop!.PostAsync(happened, _ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
        }
    }

    private void Guard(Instant until)
    {
        try
        {
            _guard.Allow(until, _services.Clock);
        }
        catch (IOException e)
        {
            _services.Announce(_node.Value,
                $"its singletons will end: their deadline could not be written ({e.Message})");
        }
    }

    private ReplicaEvent.Launched Launch(ReplicaEffect.Launch launch)
    {
        ReplicaEvent.Launched Failed(string because) =>
            new(launch.Replica, launch.Start, 0, launch.Port ?? 0, because);
        try
        {
            // Fetching its files may have taken longer than the lease under which it was decided.
            if (launch.Spec.Singleton && _guard.Left <= TimeSpan.Zero) return Failed("its node's lease has ended");
            if (PortFor(launch, out var refusal) is not { } port) return Failed(refusal!);
            var start = new ReplicaStart
            {
                Replica = launch.Replica, Service = launch.Spec.Name, Revision = launch.Revision, Port = port,
                Starts = launch.Start, Command = [.. launch.Spec.Entrypoint, .. launch.Spec.Command],
                WorkingDirectory = FolderOf(launch.Replica, launch.Spec),
                Environment = EnvironmentOf(launch.Replica, launch.Spec, launch.Revision, port),
                Limits = launch.Spec.Deploy.Resources.Limits, Singleton = launch.Spec.Singleton,
                Ulimits = launch.Spec.Ulimits, OomScoreAdj = launch.Spec.OomScoreAdj,
            };
            switch (_runner.Start(start))
            {
                case StartAnswer.Started started:
                    foreach (var warning in started.Warnings) _services.Announce(launch.Replica.Value, warning);
                    return new ReplicaEvent.Launched(launch.Replica, launch.Start, started.Pid, port, null);
                case StartAnswer.Failed failed:
                    return Failed(failed.Because);
                default:
                    throw new InvalidOperationException("a start has two answers");
            }
        }
        catch (IOException e)
        {
            return Failed(e.Message);
        }
    }

    /// <summary>The port it had before, else its published one in host mode, else a free one.</summary>
    private int? PortFor(ReplicaEffect.Launch launch, out string? refusal)
    {
        var host = launch.Spec.Ports.FirstOrDefault(p => p.Mode == PortMode.Host);
        var wanted = host?.Published ?? (launch.Port is > 0 ? launch.Port : null);
        var answer = wanted is { } port
            ? _services.Ports.Claim(launch.Replica, port)
            : _services.Ports.Allocate(launch.Replica);
        if (answer is PortAnswer.Refused && wanted is not null && host is null)
            answer = _services.Ports.Allocate(launch.Replica);
        refusal = (answer as PortAnswer.Refused)?.Because;
        return (answer as PortAnswer.Allocated)?.Port;
    }

    private string FolderOf(ReplicaName replica, ServiceSpec spec) => spec.WorkingDirectory
        ?? (spec.FilesHash is { } hash ? _services.Files.Open(hash) : _services.State.Work(replica));

    private List<Variable> EnvironmentOf(ReplicaName replica, ServiceSpec spec, int revision, int port)
    {
        var number = port.ToString(CultureInfo.InvariantCulture);
        return
        [
            new Variable("HOST", _host), new Variable("PORT", number), new Variable("ASPNETCORE_HTTP_PORTS", number),
            .. _services.ServicePorts.Variables(), .. spec.Environment,
            .. GrantVariables.All(spec, spec.GrantsHash is { } hash ? _services.Files.Open(hash) : null,
                volume => _services.State.Volume(_node, volume)),
            new Variable("TANGRAM_SERVICE", spec.Name.Value), new Variable("TANGRAM_NODE", _node.Value),
            new Variable("TANGRAM_ZONE", _zone.Value),
            new Variable("TANGRAM_REVISION", revision.ToString(CultureInfo.InvariantCulture)),
        ];
    }

    private void Own(Task work)
    {
        _work.RemoveWhere(w => w.IsCompletedSuccessfully || w.IsCanceled);
        _work.Add(work);
    }

    private async Task CheckAsync(ReplicaEffect.Check check)
    {
        try
        {
            var answer = await AskAsync(check, _ending.Token).ConfigureAwait(false);
            await _loop!.PostAsync(new ReplicaEvent.Checked(check.Replica, check.Start, answer.Ready, answer.Because),
                _ending.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
        }
    }

    /// <summary>The probe on its port and the healthcheck both have to say yes.</summary>
    private async Task<ProbeAnswer> AskAsync(ReplicaEffect.Check check, CancellationToken cancellation)
    {
        var spec = check.Spec;
        var health = spec.Healthcheck is { Disabled: false } h ? h : null;
        var probe = spec.Probe ?? (health is null ? new ProbeSpec(ProbeKind.Tcp, "") : null);
        if (probe is not null)
        {
            var timeout = health?.Timeout ?? TimeSpan.FromSeconds(1);
            var ready =
                await _services.Prober.ProbeAsync(probe, check.Port, timeout, cancellation).ConfigureAwait(false);
            if (!ready.Ready || health is null) return ready;
        }
        var revision = _runner.Running.FirstOrDefault(r => r.Replica == check.Replica)?.Revision ?? 0;
        return await _services.Health.CheckAsync(health!, check.Replica, FolderOf(check.Replica, spec),
            EnvironmentOf(check.Replica, spec, revision, check.Port), cancellation).ConfigureAwait(false);
    }
}
