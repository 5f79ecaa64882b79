using Tangram.Cli;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Proving.Faults;

/// <summary>Virtual nodes without power. The daemon gives it back by itself, should we be gone too.</summary>
internal sealed class LostNodes(FaultOrder order, FaultPlace place) : HeldFault
{
    /// <summary>The daemon's own end of it comes after ours.</summary>
    private static readonly TimeSpan Backstop = TimeSpan.FromSeconds(2);

    private readonly List<string> _down = [];

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        var lasts = FormattableString.Invariant($"{(order.Lasts + Backstop).TotalMilliseconds:0}ms");
        using var client = place.Client();
        try
        {
            foreach (var node in order.Nodes)
            {
                Keep(new FaultMend(0, MendKind.Revive) { Node = node });
                await client.PostAsync($"/v1/kill/{Uri.EscapeDataString(node)}?for={lasts}", null, default)
                    .ConfigureAwait(false);
                _down.Add(node);
            }
        }
        catch (CommandFailure e)
        {
            throw new FaultMissedException(e.Message);
        }
        var took = await UntilAsync(() => order.Replicas.All(r => ProcessStat.Read(r.Pid) is not { Ended: false }),
            "replicas outlived their node's power", time).ConfigureAwait(false);
        return $"{string.Join(", ", order.Nodes)} without power; {order.Replicas.Length} replicas gone after " +
            Words(took);
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        using var client = place.Client();
        foreach (var node in _down) await ReviveAsync(client, node).ConfigureAwait(false);
        return $"{string.Join(", ", _down)} with power again";
    }

    internal static async Task ReviveAsync(ClusterClient client, string node)
    {
        try
        {
            await client.PostAsync($"/v1/revive/{Uri.EscapeDataString(node)}", null, default).ConfigureAwait(false);
        }
        catch (CommandFailure)
        {
            // Somebody revived it before us; or no daemon answers, and the next one starts all nodes.
        }
    }
}

/// <summary>The daemon gets SIGKILL; it is started again as it was started.</summary>
internal sealed class LostDaemon(FaultPlace place) : HeldFault
{
    private DaemonStart? _start;

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        var pid = place.DaemonPid();
        if (ProcessStat.Read(pid) is not { Ended: false } before)
            throw new FaultMissedException($"the process {pid} that answers at {place.Socket} is not on this machine");
        var program = File.ResolveLinkTarget($"/proc/{pid}/exe", false)!.FullName;
        if (!File.Exists(program) || Path.GetFileName(program) is not ("tangram" or "dotnet"))
            throw new FaultMissedException($"{program}, which answers at {place.Socket}, could not be started again");
        var start = DaemonStart.Of(program, pid);
        if (!start.Arguments.Contains("up"))
            throw new FaultMissedException($"the process {pid} that answers at {place.Socket} is not that of " +
                "`tangram up`: on several machines drills need `tangram injector`");
        Keep(new FaultMend(0, MendKind.Daemon) { Daemon = start });
        _start = start;
        if (Native.Kill(pid, Native.SigKill) != 0)
            throw new FaultMissedException($"SIGKILL cannot be sent to the daemon {pid}: {Native.Why}");
        var took = await UntilAsync(() => ProcessStat.Read(pid) is not { Ended: false } now
            || now.StartTime != before.StartTime, $"the daemon {pid} outlived SIGKILL", time).ConfigureAwait(false);
        return $"the daemon {pid}, which is leader, store and gateway here, gone after {Words(took)}";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        if (_start is null) return "nothing was killed";
        if (ClusterFinder.Answers(place.Socket)) return "another daemon had been started meanwhile";
        var (pid, took) = await _start.StartAsync(place, time).ConfigureAwait(false);
        return $"started again as {pid}, answers after {Words(took)}";
    }
}

/// <summary>A revision that cannot run goes out.</summary>
internal sealed class BadDeploy(string service, FaultPlace place) : HeldFault
{
    public override async Task<string> InjectAsync(TimeProvider time)
    {
        using var client = place.Client();
        try
        {
            var spec = Json.Read<ClusterSpec>(
                await client.SendAsync(HttpMethod.Get, "/v1/spec", null, default).ConfigureAwait(false));
            var bad = spec with
            {
                Services = spec.Services.Select(s => s.Name.Value != service ? s
                    : s with { Entrypoint = [], Command = ["/bin/sh", "-c", "exit 3"] }).ToEquatableArray(),
            };
            var done = ViewJson.Read<DoneView>(
                await client.SendAsync(HttpMethod.Post, "/v1/deploy", Json.Write(bad), default).ConfigureAwait(false));
            return $"revision {done.Revision}, in which {service} ends at its start, goes out";
        }
        catch (CommandFailure e)
        {
            throw new FaultMissedException(e.Message);
        }
    }

    public override Task<string> RevertAsync(TimeProvider time) => Task.FromResult("the cluster takes it back");
}
