using Tangram.Cli;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Faults;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Drills;

/// <summary>The cluster that a drill is held on, as it was found, and the way to its injectors.</summary>
internal sealed class DrillGround : IAsyncDisposable
{
    /// <summary>Many machines; each costs a connection and a process there.</summary>
    private const int MostInjectors = 5_000;

    private readonly List<InjectorLine> _injectors = [];
    private IFaultLine? _faults;

    private DrillGround(FaultPlace place, StatusView status, ClusterSpec spec) =>
        (Place, Status, Spec) = (place, status, spec);

    public FaultPlace Place { get; }
    public StatusView Status { get; }
    public ClusterSpec Spec { get; }

    public DrillSight Sight { get => field ??= new DrillSight(Place, _injectors); }

    /// <summary>There are several machines.</summary>
    public bool Several => _injectors.Count > 0;

    public static async Task<DrillGround> OpenAsync(
        DrillRequest request, Surroundings around, CancellationToken cancellation)
    {
        var where = request.Find();
        if (where.Address.StartsWith("http", StringComparison.OrdinalIgnoreCase))
            throw CommandFailure.Arguments("a drill breaks things on the cluster's own machine: run it there, " +
                "without TANGRAM_HOST");
        using var client = new ClusterClient(where);
        var status = await client.GetAsync<StatusView>("/v1/status", cancellation).ConfigureAwait(false);
        var spec = Json.Read<ClusterSpec>(
            await client.SendAsync(HttpMethod.Get, "/v1/spec", null, cancellation).ConfigureAwait(false));
        var ground = new DrillGround(new FaultPlace(status.Cluster, where.Address,
            where.Folder ?? Path.Combine(around.StateRoot, status.Cluster)), status, spec);
        try
        {
            await ground.ReachAsync(request, around).ConfigureAwait(false);
            return ground;
        }
        catch
        {
            await ground.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Keeps other drills away, on this machine and on those of the injectors.</summary>
    public async Task<IFaultLine> FaultsAsync(TimeProvider time)
    {
        var local = await FaultLine.OpenAsync(Place, time).ConfigureAwait(false);
        return _faults = Several ? new FaultLines(_injectors, local) : local;
    }

    /// <summary>Nothing has been begun.</summary>
    public void Check(DrillSpec drill, DrillSighting seen)
    {
        var problems = DrillTargets.Problems(drill, seen, Spec).ToList();
        if (problems.Count > 0) throw DrillFiles.Refused(problems, drill.Name);
        if (!Directory.Exists(Place.Folder))
            throw CommandFailure.Arguments($"the state of {Place.Name} is not in {Place.Folder}: run the drill on " +
                "its machine, as the user who runs it");
        if (Several)
        {
            if (DrillMachines.Missing(drill, seen).ToList() is { Count: > 0 } missing)
                throw CommandFailure.Arguments(string.Join('\n', missing) + "\nnothing was begun: start `tangram " +
                    "injector` there and name it with --injector, or let the drill name other targets");
            return;
        }
        foreach (var replica in seen.Replicas.Where(r => r is { Ready: true, Pid: not null }))
            if (Place.Stranger(replica.Replica, replica.Pid!.Value) is { } why && !why.Contains("has ended already"))
                throw CommandFailure.Arguments($"{why}. Drills break what one `tangram up` runs; on several machines " +
                    "start `tangram injector` on each, and name them with --injector");
    }

    /// <summary>All faults end first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_faults is not null) await _faults.DisposeAsync().ConfigureAwait(false);
        else foreach (var line in _injectors) await line.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReachAsync(DrillRequest request, Surroundings around)
    {
        var addresses = request.Injectors.Distinct().ToList();
        if (addresses.Count > MostInjectors)
            throw CommandFailure.Arguments($"these are more than {MostInjectors} injectors");
        MutualTls? tls;
        try
        {
            tls = request.Tls is { } folder ? MutualTls.Open(folder, around.Clock, _ => { }) : null;
        }
        catch (TrustException e)
        {
            throw new CommandFailure(Exit.Failed, e.Message);
        }
        var opening = addresses.Select(at => InjectorLine.OpenAsync(at, Status.Cluster, tls, around.Clock)).ToList();
        Task all = Task.WhenAll(opening);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var task in opening.Where(task => task.IsCompletedSuccessfully))
            _injectors.Add(await task.ConfigureAwait(false));
        foreach (var task in opening) await task.ConfigureAwait(false);
        var twice = _injectors.GroupBy(line => line.Machine.Name).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
            throw CommandFailure.Arguments($"two injectors have the name {twice.Key}: give each one of its own");
    }
}
