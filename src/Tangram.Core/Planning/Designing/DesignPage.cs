using System.Text;

namespace Tangram.Planning.Designing;

/// <summary>Prints docs/design-checks.md. A test holds that page to this table, and the table to what the checks
/// find.</summary>
public static class DesignPage
{
    public static IReadOnlyList<DesignCheck> All { get; } =
    [
        new("availability", "x-tangram.objectives.availability is more than the design can reach, with all that a " +
            "service depends on", "outage in a year, at best: the formula below"),
        new("recovery-time", "a service of which all can be lost at once is away for longer than recovery_time",
            "6 s until the loss is noticed (etcd's leader lost with it), and a start; until the zone is back when it " +
            "may run nowhere else"),
        new("recovery-point", "recovery_point is asked, and a service has volumes, which nothing copies yet"),
        new("singleton", "a singleton cannot keep availability or recovery_time", "as above, with one replica and " +
            "moves that stop it first"),
        new("one-zone", "there is one zone", "availability without it for 6 hours a year"),
        new("one-replica", "a service that takes requests has fewer than two replicas", "3 s until a lost machine is " +
            "noticed, and a start"),
        new("same-zone", "constraints or binpack put all replicas into one of several zones"),
        new("few-replicas", "without one of several zones fewer than two replicas are left",
            "n - ⌈n / zones⌉ replicas are left, for 3 s and a start"),
        new("max-per-node", "max_replicas_per_node leaves no room for all replicas", "nodes × max_replicas_per_node"),
        new("no-probe", "a service that takes requests has neither probe nor healthcheck"),
        new("slow-healthcheck", "a replica that hangs is noticed later than recovery_time allows",
            "interval + timeout + (retries - 1) × (min(interval, 2 s) + timeout)"),
        new("no-restart", "a service that takes requests has restart_policy.condition: none"),
        new("stop-first", "a service that takes requests is updated stop-first",
            "replicas - parallelism are left for a start"),
        new("no-rollback", "a service that takes requests has monitor: 0s, or a failure_action other than rollback"),
        new("short-grace", "stop_grace_period is too short for a request to end",
            "0.2 s until every gateway knows, and latency_p99; 1 s without that objective"),
        new("two-writers", "two services, two replicas, or the old and the new one of a move write into one volume",
            "a bind is shared by all replicas, a named volume by those on one node"),
        new("volume-stays", "a replica with a named volume may move to a node that has another one"),
        new("no-limits", "a service has no memory limit"),
        new("no-files", "a service has no x-tangram.files, so that a rollback cannot bring its program back"),
    ];

    private const string Introduction =
        """
        # Design checks

        *This page is printed from the table of the checks; a test holds them together.*

        `tangram plan` lists what is allowed and weak: why it matters, and the change that would mend it. Nothing is
        refused for it. With `--json` the findings are under `design`, each with check, place, services, what, why and
        remedy. The names below do not change.

        """;

    private const string Formula =
        """

        ## What is computed

        For one service, the outage in a year is the sum of these, at best: one replica is taken to carry all of the
        load, faults are taken to be independent, and others are not counted. So a design that is called out of reach
        is, and one that is not may still miss.

        | fault | times a year | each time, one replica | n replicas |
        |---|---|---|---|
        | a replica crashes | 12 (assumed) | a start | the share of a year, to the power of n |
        | a machine is lost | 2 | 3 s and a start; 6 h on the only node | to the power of n, or of fewer nodes |
        | a zone is lost | 1 | 3 s and a start; 6 h when all of it is there | 0 in several zones |
        | a deploy | 52 (assumed) | a start, when it stops all of it first | the same |

        - A start takes `healthcheck.start_period` and one check; where the file does not say, 1 s.
        - Services that need each other (`depends_on`, unless `required: false`) are in series: availabilities multiply.
          Replicas are parallel: their shares of outage multiply (Barlow and Proschan, *Statistical Theory of
          Reliability*, 1975).
        - Machines and zones: Dean, *Designs, Lessons and Advice from Building Large Distributed Systems*, LADIS 2009:
          servers crash at least twice a year; about one power failure a year takes a cluster away, for about 6 hours.
        - 3 s and 6 s are Tangram's own goals, which [its guarantees](guarantees.md) measure.
        - The zones of one machine are lost together, with it. The file does not say on how many machines it will run,
          so this is not counted.

        """;

    public static string Text()
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        text.Append("\n| check | finds | figure |\n|---|---|---|\n");
        foreach (var check in All) text.Append($"| `{check.Name}` | {check.Finds} | {check.Computes} |\n");
        return text.Append(Formula.ReplaceLineEndings("\n")).ToString();
    }
}
