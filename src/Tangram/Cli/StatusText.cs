using System.Globalization;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>The status as people read it.</summary>
internal static class StatusText
{
    public static void Write(StatusView status, Surroundings around)
    {
        around.Print(Head(status, around.Colour));
        if (status.Rollout is { Stage: not "done" } rollout) around.Print(Sentence(rollout));
        around.Print("");
        var services = new Table("SERVICE", "READY", "UP TO DATE", "REVISION");
        foreach (var s in status.Services)
            services.Add(s.Name, Invariant($"{s.Ready}/{s.Desired}"), Invariant($"{s.Updated}/{s.Desired}"),
                Invariant($"{s.Revision}"));
        services.Write(around);
        around.Print("");
        var nodes = new Table("NODE", "ZONE", "STATE", "REPLICAS", "BECAUSE");
        foreach (var n in status.Nodes)
            nodes.Add(n.Name, n.Zone ?? "-", n.State, Invariant($"{n.Replicas}"), n.Because);
        nodes.Write(around);
        if (status.Gateways.Count > 0) around.Print("");
        foreach (var gateway in status.Gateways) around.Print($"gateway {gateway.Gateway}: {gateway.Address}");
        foreach (var trouble in status.GatewayTroubles) around.Print($"gateway {trouble.Gateway}: {trouble.What}");
    }

    /// <summary>Whether it is ready, in one line.</summary>
    public static string Head(StatusView status, bool colour = false)
    {
        var ready = status.Ready ? Painted("ready", "32") : Painted("not ready", "33");
        return Invariant($"{status.Cluster} is {ready}, on revision {status.Revision}, ") +
               (status.Leader is null ? "without a leader" : $"led by {status.Leader}");

        string Painted(string word, string code) => colour ? $"\e[{code}m{word}\e[0m" : word;
    }

    public static string Head(HeadView head) => Head(new StatusView
    {
        Cluster = head.Cluster, Ready = head.Ready, Leader = head.Leader, Revision = head.Revision, Rollout = null,
    });

    /// <summary>What is going on with the rollout, as one sentence.</summary>
    public static string Sentence(RolloutView rollout)
    {
        var because = rollout.Because == "" ? "" : $": {rollout.Because.TrimEnd('.')}";
        return rollout.Stage switch
        {
            "pending" => Invariant($"revision {rollout.Target} is about to go out"),
            "rolling" => Invariant($"revision {rollout.Target} is going out{because}"),
            "watching" => Invariant($"revision {rollout.Target} is out and is being watched{because}"),
            "rollingBack" =>
                Invariant($"revision {rollout.Target} failed, revision {rollout.Current} comes back{because}"),
            "paused" => Invariant($"the rollout of revision {rollout.Target} is paused{because}"),
            "done" => Invariant($"revision {rollout.Target} is in force"),
            "rolledBack" =>
                Invariant($"revision {rollout.Target} was rolled back, revision {rollout.Current} runs again{because}"),
            _ => Invariant($"revision {rollout.Target} failed, and there is none to go back to{because}"),
        };
    }

    /// <summary>How far each service is, e.g. "order: 2 of 6 on revision 4". Those that are there are left
    /// out.</summary>
    public static string Going(StatusView status) => string.Join("; ", status.Services
        .Where(s => s.Updated < s.Desired)
        .Select(s => Invariant($"{s.Name}: {s.Updated} of {s.Desired} on revision {status.Revision}")));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
