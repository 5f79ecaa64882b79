using System.CommandLine;
using System.Runtime.InteropServices;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Runs a cluster in this process: progress until it is ready, then its events, until it is told to stop. The
/// first Ctrl-C or SIGTERM stops in order, the second at once.</summary>
internal sealed class UpCommand(CommandContext context)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    /// <summary>After so long without progress it says how to find out why.</summary>
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(15);

    /// <summary>For killing what runs: a process that the kernel does not let go is left to `tangram down`.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(3);

    private readonly Surroundings _around = context.Around;
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _atOnce = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static Command Make(CommandContext context)
    {
        var file = CommandContext.FileOption();
        var (envFile, profile) = (CommandContext.EnvFileOption(), CommandContext.ProfileOption());
        var detach =
            new Option<bool>("--detach", "-d") { Description = "Leave it running, and return when it is ready" };
        var daemon = new Option<bool>(Detached.Option) { Hidden = true };
        var replace = new Option<bool>("--replace")
        {
            Description = "Take over from the daemon that runs, for an upgrade: no replica stops, no request is lost",
        };
        var command = new Command("up", "Runs this cluster on this machine until Ctrl-C")
        {
            file, envFile, profile, detach, replace, daemon,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = context.Finder.RequestOf(
                parsed.GetValue(file), parsed.GetValue(envFile), parsed.GetValue(profile));
            var spec = context.Finder.Read(request);
            var place = context.Finder.Named(spec.Name);
            var replaces = parsed.GetValue(replace);
            if (ClusterFinder.Answers(place.Address))
            {
                if (!replaces)
                    throw new CommandFailure(Exit.Failed, $"'{spec.Name}' runs already, at {place.Address}. " +
                        "To change it use `tangram deploy`, to stop it `tangram down`");
                await LetGoAsync(context, place, cancellation);
            }
            if (parsed.GetValue(detach))
                return await new Detached(context).StartAsync(request, place, replaces, cancellation);
            if (parsed.GetValue(daemon))
            {
                Detached.Enter(place.Folder!);
                context.Around.FollowConsole();
            }
            return await new UpCommand(context).RunAsync(new UpRequest(spec, context.Around.StateRoot,
                replaces), cancellation);
        });
        return command;
    }

    /// <summary>Done when it answers no more; it may take a little longer to end.</summary>
    private static async Task LetGoAsync(CommandContext context, ClusterPlace place, CancellationToken cancellation)
    {
        using (var client = new ClusterClient(place)) await client.PostAsync("/v1/leave", null, cancellation);
        while (ClusterFinder.Answers(place.Address))
            await context.Around.PauseAsync(TimeSpan.FromMilliseconds(10), cancellation);
    }

    internal async Task<int> RunAsync(UpRequest request, CancellationToken cancellation)
    {
        // Held to the end: a registration that is collected lets the signal kill.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var begun = _around.Clock.GetTimestamp();
        var up = context.Entrances.Up(request, starting.Token);
        // Replicas run before the start is over. So the first signal lets it come to its end, and then all of it stops.
        if (await Task.WhenAny(up, _atOnce.Task) != up)
        {
            await starting.CancelAsync();
            throw new CommandFailure(Exit.Failed,
                "stopped at once, while it was starting: `tangram down` stops what it left");
        }
        var cluster = await up;

        var running = await ShowAsync(cluster, begun);
        if (running) await StopAsync(cluster);
        _around.Print(await cluster.Ended);
        return Exit.Done;
    }

    /// <summary>The first call stops in order, the second at once.</summary>
    internal void Stop()
    {
        if (!_stop.TrySetResult()) _atOnce.TrySetResult();
    }

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true;
        Stop();
    }

    /// <summary>False when the cluster ended by itself.</summary>
    private async Task<bool> ShowAsync(RunningCluster cluster, long begun)
    {
        var progress = new Progress(_around);
        var (before, since, hinted) = ("", begun, false);
        while (cluster.Status() is { Ready: false } status)
        {
            if (status.Rollout is { Stage: "failed" or "paused" } bad)
            {
                progress.Clear();
                _around.PrintError(StatusText.Sentence(bad));
                break;
            }
            var going = StatusText.Going(status);
            progress.Show(going);
            if (going != before) (before, since, hinted) = (going, _around.Clock.GetTimestamp(), false);
            else if (!hinted && _around.Clock.GetElapsedTime(since) > Stuck)
            {
                hinted = true;
                progress.Clear();
                _around.Print($"no progress for {Duration.Words(Stuck)}: `tangram why {status.Cluster}` says why");
            }
            if (await EndsAsync(cluster, _around.PauseAsync(Every, CancellationToken.None)))
                return !cluster.Ended.IsCompleted;
        }
        progress.Clear();
        // Before anything is said: what happens from here on is told.
        var told = cluster.Events.Last;
        if (cluster.Status() is { Ready: true } ready)
        {
            _around.Print($"ready in {Duration.Words(_around.Clock.GetElapsedTime(begun))}");
            foreach (var gateway in ready.Gateways) _around.Print($"gateway: {gateway.Address}");
        }
        await StreamAsync(cluster, told);
        return !cluster.Ended.IsCompleted;
    }

    private async Task StreamAsync(RunningCluster cluster, long last)
    {
        using var done = new CancellationTokenSource();
        while (true)
        {
            var more = cluster.Events.AfterAsync(last, TimeSpan.FromSeconds(30), done.Token);
            if (await EndsAsync(cluster, more))
            {
                await done.CancelAsync();
                await more.ContinueWith(_ => { }, TaskScheduler.Default);
                return;
            }
            foreach (var e in await more)
            {
                _around.Print(context.Shown(e));
                last = e.Number;
            }
        }
    }

    private async Task<bool> EndsAsync(RunningCluster cluster, Task step)
    {
        await Task.WhenAny(step, _stop.Task, cluster.Ended);
        return _stop.Task.IsCompleted || cluster.Ended.IsCompleted;
    }

    private async Task StopAsync(RunningCluster cluster)
    {
        _around.Print("stopping in order; a second Ctrl-C stops at once");
        var inOrder = cluster.StopInOrder();
        if (await Task.WhenAny(inOrder, _atOnce.Task) == inOrder)
        {
            await inOrder;
            return;
        }
        cluster.StopAtOnce();
        await Task.WhenAny(inOrder, _around.PauseAsync(AtOnce, CancellationToken.None));
        throw new CommandFailure(Exit.Failed, "stopped at once: requests that were in flight are lost");
    }
}
