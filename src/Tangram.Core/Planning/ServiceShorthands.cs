using System.Globalization;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What Compose lets a service say outside of <c>deploy</c> and means the same there. Said in both places it
/// is refused, since one of the two would lose.</summary>
internal static class ServiceShorthands
{
    public static DeploySpec Apply(Fields fields, Fields deploy, DeploySpec asked)
    {
        var resources = deploy["resources"] as Tree.Map;
        Once(fields, "restart", deploy["restart_policy"], "deploy.restart_policy");
        Once(fields, "scale", deploy["replicas"], "deploy.replicas");
        Once(fields, "cpus", In(resources, "limits", "cpus"), "deploy.resources.limits.cpus");
        Once(fields, "mem_limit", In(resources, "limits", "memory"), "deploy.resources.limits.memory");
        Once(fields, "pids_limit", In(resources, "limits", "pids"), "deploy.resources.limits.pids");
        Once(fields, "mem_reservation", In(resources, "reservations", "memory"),
            "deploy.resources.reservations.memory");
        if (fields["scale"] is { } scale && asked.Mode == DeployMode.Global)
            fields.Problems.Error(scale.Place, "'scale' does not go with mode: global",
                "delete it: global runs one replica on every node");
        var (limits, kept) = (asked.Resources.Limits, asked.Resources.Reservations);
        return asked with
        {
            Replicas = fields.WholeOrNull("scale", 0, DeployReader.MostReplicas) ?? asked.Replicas,
            Restart = Restart(fields, asked.Restart),
            Labels = Labels(fields, asked.Labels),
            Resources = new ResourcesSpec
            {
                Limits = limits with
                {
                    Cpus = fields.Parsed<double>("cpus", DeployReader.Cores, DeployReader.CoresWanted) ?? limits.Cpus,
                    Memory = Size(fields, "mem_limit") ?? limits.Memory,
                    Pids = fields["pids_limit"] is Tree.Scalar { Text: "-1" } ? 0
                        : fields.WholeOrNull("pids_limit", 1, int.MaxValue) ?? limits.Pids,
                },
                Reservations = kept with { Memory = Size(fields, "mem_reservation") ?? kept.Memory },
            },
        };
    }

    private static long? Size(Fields fields, string key) =>
        fields.Parsed<long>(key, DeployReader.Size, DeployReader.SizeWanted);

    private static void Once(Fields fields, string key, Tree? other, string path)
    {
        if (other is not null && fields[key] is { } tree)
            fields.Problems.Error(tree.Place, $"'{key}' and {path} say the same twice", "delete one of them");
    }

    private static Tree? In(Tree.Map? map, string section, string key) =>
        (map?.Entries.FirstOrDefault(e => e.Key.Text == section)?.Value as Tree.Map)
            ?.Entries.FirstOrDefault(e => e.Key.Text == key)?.Value;

    private static RestartSpec Restart(Fields fields, RestartSpec otherwise)
    {
        if (fields["restart"] is not { } tree || fields.Filled("restart") is not { } text) return otherwise;
        if (text is "always" or "unless-stopped") return otherwise with { Condition = RestartCondition.Any };
        // A plain no is false to YAML 1.1.
        if (text is "no" or "false") return otherwise with { Condition = RestartCondition.None };
        if (text is "on-failure") return otherwise with { Condition = RestartCondition.OnFailure };
        if (text.StartsWith("on-failure:", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(11), NumberStyles.None, CultureInfo.InvariantCulture, out var times)
            && times > 0)
            return otherwise with { Condition = RestartCondition.OnFailure, MaxAttempts = times };
        fields.Problems.Error(tree.Place, $"'restart' is {Quoted.Of(text)}, which is not honoured",
            "write no, always, on-failure, on-failure:3 or unless-stopped");
        return otherwise;
    }

    /// <summary>Those under <c>deploy</c> win.</summary>
    private static EquatableArray<Variable> Labels(Fields fields, EquatableArray<Variable> deployed)
    {
        var own = Variables.Read(fields["labels"], "labels", fields.Problems);
        var said = deployed.Select(l => l.Name).ToHashSet(StringComparer.Ordinal);
        return own.Count == 0 ? deployed
            : own.Where(l => !said.Contains(l.Name)).Concat(deployed)
                .OrderBy(l => l.Name, StringComparer.Ordinal).ToEquatableArray();
    }
}
