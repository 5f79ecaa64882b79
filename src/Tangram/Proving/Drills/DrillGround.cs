using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tangram.Cli;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Faults;
using Tangram.Routing.Tls;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Drills;

/// <param name="Seed">Of what is left to chance.</param>
/// <param name="Regardless">Of the error budget.</param>
/// <param name="AtMost">No fault may strike more.</param>
internal sealed record DrillTerms(
    ulong Seed, bool Regardless = false, BlastRadius AtMost = BlastRadius.Cluster);

/// <summary>The machines of a cluster that drills may break.</summary>
/// <param name="Injectors">HOST:PORT of each; empty: the cluster is this machine's.</param>
/// <param name="Tls">The folder of this machine's certificate, a server's. Null: plain text, on loopback only.</param>
internal sealed record DrillReach(IReadOnlyList<string> Injectors, string? Tls)
{
    /// <summary>Many machines; each costs a connection and a process there.</summary>
    private const int MostInjectors = 5_000;

    public static readonly DrillReach Here = new([], null);

    /// <summary>Of this machine; null when it has none. Throws <see cref="CommandFailure"/>.</summary>
    public static MutualTls? Credentials(string? folder, TimeProvider time)
    {
        try
        {
            return folder is null ? null : MutualTls.Open(folder, time, _ => { });
        }
        catch (TrustException e)
        {
            throw new CommandFailure(Exit.Failed, e.Message);
        }
    }

    /// <summary>The lines to all of them, or a <see cref="CommandFailure"/> and none.</summary>
    public async Task<List<InjectorLine>> OpenAsync(string cluster, TimeProvider time)
    {
        var addresses = Injectors.Distinct().ToList();
        if (addresses.Count > MostInjectors)
            throw CommandFailure.Arguments($"these are more than {MostInjectors} injectors");
        var tls = Credentials(Tls, time);
        var opening = addresses.Select(at => InjectorLine.OpenAsync(at, cluster, tls, time)).ToList();
        await ((Task)Task.WhenAll(opening)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var lines = new List<InjectorLine>();
        try
        {
            foreach (var task in opening.Where(task => task.IsCompletedSuccessfully))
                lines.Add(await task.ConfigureAwait(false));
            foreach (var task in opening) await task.ConfigureAwait(false);
            return lines.GroupBy(line => line.Machine.Name).FirstOrDefault(group => group.Count() > 1) is not { } twice
                ? lines
                : throw CommandFailure.Arguments($"two injectors have the name {twice.Key}: give each one of its own");
        }
        catch
        {
            foreach (var line in lines) await line.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

/// <summary>A cluster on which drills are held, one after another.</summary>
internal sealed class DrillGround : IAsyncDisposable
{
    private readonly Surroundings _around;
    private readonly FaultPlace _place;
    private readonly DrillSight _sight;
    private readonly List<InjectorLine> _injectors;
    private readonly PosixSignalRegistration _interrupt, _terminate;
    private DrillLoop? _loop;

    private DrillGround(FaultPlace place, List<InjectorLine> injectors, Surroundings around)
    {
        (_place, _injectors, _around, _sight) = (place, injectors, around, new DrillSight(place, injectors));
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    public string Cluster => _place.Name;

    /// <summary>Somebody wants it to end.</summary>
    public bool Stopped { get; private set; }

    public static async Task<DrillGround> OpenAsync(
        ClusterPlace where, DrillReach reach, Surroundings around, CancellationToken cancellation)
    {
        if (where.Address.StartsWith("http", StringComparison.OrdinalIgnoreCase))
            throw CommandFailure.Arguments("a drill breaks things on the cluster's own machine: run it there, " +
                "without TANGRAM_HOST");
        var place = await PlaceAsync(where, around, cancellation).ConfigureAwait(false);
        var injectors = await reach.OpenAsync(place.Name, around.Clock).ConfigureAwait(false);
        return new DrillGround(place, injectors, around);
    }

    public static async Task<FaultPlace> PlaceAsync(
        ClusterPlace where, Surroundings around, CancellationToken cancellation)
    {
        using var client = new ClusterClient(where);
        var status = await client.GetAsync<StatusView>("/v1/status", cancellation).ConfigureAwait(false);
        return new FaultPlace(status.Cluster, where.Address,
            where.Folder ?? Path.Combine(around.StateRoot, status.Cluster));
    }

    public Task<DrillSighting> LookAsync() => _sight.LookAsync();

    /// <summary>What the cluster is asked to be, and how it is, now.</summary>
    public async Task<(ClusterSpec Spec, StatusView Status)> AskAsync(CancellationToken cancellation)
    {
        using var client = _place.Client();
        var status = await client.GetAsync<StatusView>("/v1/status", cancellation).ConfigureAwait(false);
        return (Json.Read<ClusterSpec>(
            await client.SendAsync(HttpMethod.Get, "/v1/spec", null, cancellation).ConfigureAwait(false)), status);
    }

    /// <summary>On one machine a gateway with a certificate of its own is known.</summary>
    private LoadOptions Trusting(LoadOptions load, ClusterSpec spec)
    {
        var authority = OwnCertificate.AuthorityFile(Path.Combine(_place.Folder, "tls"));
        return spec.Tls is { SelfSigned: true } && _injectors.Count == 0 && load.Url.Scheme == Uri.UriSchemeHttps
            && File.Exists(authority) ? load with { CaFile = authority } : load;
    }

    public static ulong AnySeed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 16;

    /// <summary>Holds one drill to its verdict. Throws <see cref="CommandFailure"/> when it cannot be begun.</summary>
    public async Task<DrillResult> HoldAsync(DrillSpec drill, DrillTerms terms, Action<string> print,
        CancellationToken cancellation)
    {
        if (Radius.Beyond(drill, terms.AtMost) is { } beyond) throw CommandFailure.Arguments(beyond);
        var (spec, status) = await AskAsync(cancellation).ConfigureAwait(false);
        var seen = await LookAsync().ConfigureAwait(false);
        var rng = new Rng(terms.Seed);
        drill = RandomFaults.Added(drill, seen, spec, rng.Split(), terms.AtMost);
        Check(drill, seen, spec);
        var load = Trusting(DrillAddress.Options(drill, spec, status, seen.Machines), spec);
        if (load.Problems().FirstOrDefault() is { } problem) throw CommandFailure.Arguments(problem);

        var startedAt = _around.Clock.GetUtcNow();
        var machine = new DrillMachine(drill, spec, rng, terms.Regardless);
        var local = await FaultLine.OpenAsync(_place, _around.Clock).ConfigureAwait(false);
        await using IFaultLine faults = _injectors.Count > 0 ? new FaultLines(_injectors, local) : local;
        var loop = new DrillLoop(machine, load, drill.Steady, _sight, faults, print, _around.Clock);
        _loop = loop;
        if (Stopped) loop.Stop();
        var verdict = await loop.RunAsync(seen).ConfigureAwait(false);
        _loop = null;
        var history = new DrillHistory(_place.Folder);
        var result = new DrillResult
        {
            Drill = drill.Name, Cluster = Cluster, Seed = terms.Seed, StartedAt = startedAt,
            Url = load.Url.OriginalString, Availability = machine.Aim.Availability,
            LatencyP99 = machine.Aim.LatencyP99, Recovery = machine.Aim.Recovery, Verdict = verdict,
            Steady = machine.Steady, Load = machine.Load, Retried = loop.Retried,
            Faults = DrillResult.FaultsOf(machine), Timeline = loop.Timeline.ToEquatableArray(),
            Last = history.Last(drill.Name) is { } last ? DrillSummary.Of(last) : null,
        };
        if (history.Keep(result) is { } unkept) _around.PrintError($"warning: {unkept}");
        return result;
    }

    /// <summary>Nothing has been begun. Throws <see cref="CommandFailure"/> when nothing on this cluster can
    /// be.</summary>
    public void Check(DrillSighting seen)
    {
        if (!Directory.Exists(_place.Folder))
            throw CommandFailure.Arguments($"the state of {Cluster} is not in {_place.Folder}: run the drill on " +
                "its machine, as the user who runs it");
        if (_injectors.Count > 0) return;
        var running = seen.Replicas.Where(r => r is { Ready: true, Pid: not null }).ToList();
        var strange = running.Select(r => _place.Stranger(r.Replica, r.Pid!.Value)).OfType<string>().ToList();
        // One may have ended since the look; where all have, they run elsewhere.
        if (strange.Find(why => strange.Count == running.Count || !why.Contains("has ended already")) is { } stranger)
            throw CommandFailure.Arguments($"{stranger}. Drills break what one `tangram up` runs; on several " +
                "machines start `tangram injector` on each, and name them with `drill --injector`");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var line in _injectors) await line.DisposeAsync().ConfigureAwait(false);
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private void Check(DrillSpec drill, DrillSighting seen, ClusterSpec spec)
    {
        Check(seen);
        var problems = DrillTargets.Problems(drill, seen, spec).ToList();
        if (problems.Count > 0) throw DrillFiles.Refused(problems, problems[0].Place.File);
        if (_injectors.Count > 0 && DrillMachines.Missing(drill, seen).ToList() is { Count: > 0 } missing)
            throw CommandFailure.Arguments(string.Join('\n', missing) + "\nnothing was begun: start `tangram " +
                "injector` there and name it with --injector, or let the drill name other targets");
    }

    // The first one ends the faults and waits for the verdict; the second does not wait. Either way they end.
    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = !Stopped;
        Stopped = true;
        _loop?.Stop();
    }
}
