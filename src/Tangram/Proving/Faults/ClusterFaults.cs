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

    private static async Task ReviveAsync(ClusterClient client, string node)
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

/// <summary>The daemon gets SIGKILL; it is started again as it was started, in a session of its own, with its output in
/// the state folder.</summary>
internal sealed class LostDaemon(FaultPlace place) : HeldFault
{
    /// <summary>A start takes a second or two.</summary>
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);

    private string _program = "", _folder = "/";
    private string[] _arguments = [];
    private Variable[] _environment = [];

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        var pid = place.DaemonPid();
        if (ProcessStat.Read(pid) is not { Ended: false } before)
            throw new FaultMissedException($"the process {pid} that answers at {place.Socket} is not on this machine");
        var program = File.ResolveLinkTarget($"/proc/{pid}/exe", false)!.FullName;
        if (!File.Exists(program) || Path.GetFileName(program) is not ("tangram" or "dotnet"))
            throw new FaultMissedException($"{program}, which answers at {place.Socket}, could not be started again");
        _folder = File.ResolveLinkTarget($"/proc/{pid}/cwd", false)!.FullName;
        _arguments = (await File.ReadAllTextAsync($"/proc/{pid}/cmdline").ConfigureAwait(false))
            .Split('\0')[..^1];
        _environment =
        [
            .. ProcessStat.EnvironmentOf(pid).Select(entry => entry.Split('=', 2)).Where(pair => pair.Length == 2)
                .Select(pair => new Variable(pair[0], pair[1])),
        ];
        _program = program;
        if (Native.Kill(pid, Native.SigKill) != 0)
            throw new FaultMissedException($"SIGKILL cannot be sent to the daemon {pid}: {Native.Why}");
        var took = await UntilAsync(() => ProcessStat.Read(pid) is not { Ended: false } now
            || now.StartTime != before.StartTime, $"the daemon {pid} outlived SIGKILL", time).ConfigureAwait(false);
        return $"the daemon {pid}, which is leader, store and gateway here, gone after {Words(took)}";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        if (_program.Length == 0) return "nothing was killed";
        if (ClusterFinder.Answers(place.Socket)) return "another daemon had been started meanwhile";
        using var input = Descriptors.Null();
        using var output = Descriptors.Append(Path.Combine(place.Folder, "tangram.log"));
        var begun = time.GetTimestamp();
        var pid = Spawn.Start(_program, _arguments, _environment, _folder, input.Number(), output.Number());
        if (pid < 0) throw new FaultMissedException($"{_program} cannot be started again (errno {-pid})");
        while (!ClusterFinder.Answers(place.Socket))
        {
            if (time.GetElapsedTime(begun) > AnswersWithin)
                throw new FaultMissedException($"the daemon {pid} does not answer: see tangram.log in {place.Folder}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), time).ConfigureAwait(false);
        }
        return $"started again as {pid}, answers after {Words(time.GetElapsedTime(begun))}";
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
