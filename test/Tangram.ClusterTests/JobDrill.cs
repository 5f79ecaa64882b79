using Tangram.Cli;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>Jobs and schedules as real processes, with the daemon killed while they work.</summary>
[Collection(nameof(Alone))]
public sealed class JobDrill
{
    private const int Kills = 5;

    private readonly Random _chance = Figures.Chance(nameof(JobDrill));

    private static string Service(string name, string script, string more = "", string deploy = "") => $$"""
          {{name}}:
            command: [sh, -c, '{{script}}']
            deploy: { mode: replicated-job{{deploy}} }
        {{more}}
        """;

    [Fact]
    public async Task No_occurrence_runs_twice_however_often_the_daemon_is_killed()
    {
        // Given a job that runs every second
        await using var cluster = new JobCluster();
        cluster.Write(Service("tick", "echo $$TANGRAM_OCCURRENCE $$TANGRAM_RUN >> NOTES; sleep 0.4",
            "    x-tangram: { schedule: { cron: \"* * * * * *\", history: 100 } }"));
        cluster.Up();
        await cluster.LinesAsync(3);

        // When the daemon is killed at random moments, and started again after a moment
        for (var i = 0; i < Kills; i++)
        {
            await Until.PassedAsync(TimeSpan.FromMilliseconds(_chance.Next(1500)));
            await cluster.KillDaemonAsync();
            await Until.PassedAsync(TimeSpan.FromMilliseconds(_chance.Next(2500)));
            var before = cluster.Lines().Length;
            cluster.Up();
            await cluster.LinesAsync(before + 2);
        }
        await cluster.BecomesAsync("tick", j => j.State == "running");
        var job = await cluster.BecomesAsync("tick", j => j.State == "succeeded");
        var lines = cluster.Lines().Select(line => line.Split(' ')).ToList();

        // Then each occurrence was run once, by one process, and the history says how each ended
        Assert.Equal(lines.Count, lines.Select(l => l[0]).Distinct().Count());
        Assert.Equal(lines.Count, lines.Select(l => l[1]).Distinct().Count());
        var ended = job.Runs.Where(r => r.Outcome != "running").ToList();
        Assert.All(ended, run => Assert.Equal(("succeeded", 0, 1), (run.Outcome, run.Exit, run.Completed)));
        Assert.All(ended, run => Assert.Contains(lines, l => l[1] == $"{run.Run}"
            && l[0] == $"{run.Occurrence:yyyy-MM-ddTHH:mm:ssZ}"));
        Assert.Equal(job.Runs.Max(r => r.Run), job.Runs.Count);
        Figures.Note($"{nameof(JobDrill)}: a job of every second, the daemon killed {Kills} times: {ended.Count} " +
                     $"runs, none twice, each with its exit code; {job.Skipped} occurrences skipped");
    }

    [Fact]
    public async Task A_job_that_ends_while_the_daemon_is_away_has_ended_and_is_not_run_again()
    {
        await using var cluster = new JobCluster();
        cluster.Write(Service("migrate", "echo $$TANGRAM_NODE >> NOTES; sleep 3"));
        cluster.Up();
        await cluster.LinesAsync(1);
        await cluster.KillDaemonAsync();
        await Until.PassedAsync(TimeSpan.FromSeconds(4));

        cluster.Up();
        var job = await cluster.BecomesAsync("migrate", j => j.State == "succeeded");
        Assert.Equal((1, 0), (job.Runs.Count, job.Runs[0].Exit));
        Assert.Single(cluster.Lines());
        Assert.Equal(0, (await cluster.RunAsync("deploy")).Code);
        await cluster.KillDaemonAsync();
        cluster.Up();
        await cluster.BecomesAsync("migrate", j => j.State == "succeeded");
        Assert.Single(cluster.Lines());
    }

    [Fact]
    public async Task A_deploy_runs_a_changed_job_once_and_is_taken_back_when_it_fails()
    {
        // Given a migration, and a service that waits for it
        await using var cluster = new JobCluster();
        string File(string script, string web) => Service("migrate", script, deploy:
            ", restart_policy: { max_attempts: 1, delay: 100ms }, replicas: 2") + $$"""

              web:
                command: [sleep, "{{web}}"]
                depends_on: { migrate: { condition: service_completed_successfully } }
                deploy: { update_config: { monitor: 1s } }
            """;
        cluster.Write(File("echo one >> NOTES", "1000"));
        cluster.Up();
        var first = await cluster.BecomesAsync("migrate", j => j.State == "succeeded");
        Assert.Equal(2, first.Runs[0].Completed);
        await Until.SomeAsync(async () => (await cluster.RunAsync("deploy")) is (0, _) done ? done.ToString() : null,
            TimeSpan.FromSeconds(30), () => "the first revision is in force");

        // When another service changes, then it does not run again
        cluster.Write(File("echo one >> NOTES", "2000"));
        Assert.Equal(0, (await cluster.RunAsync("deploy")).Code);
        Assert.Equal(["one", "one"], cluster.Lines());

        // When it changes and fails, then the deploy fails with its sentence, and the old one is not run again
        cluster.Write(File("echo two >> NOTES; exit 4", "3000"));
        var (code, printed) = await cluster.RunAsync("deploy");
        Assert.Equal(1, code);
        Assert.Contains("the job migrate failed: migrate-", printed);
        Assert.Contains("ended with exit code 4", printed);
        Assert.InRange(cluster.Lines().Count(l => l == "two"), 2, 4);
        Assert.Equal(2, cluster.Lines().Count(l => l == "one"));

        // When it is right again, then it runs; and by hand as often as is asked
        cluster.Write(File("echo three >> NOTES; exit 0", "3000"));
        Assert.Equal(0, (await cluster.RunAsync("deploy")).Code);
        Assert.Equal(2, cluster.Lines().Count(l => l == "three"));
        Assert.Equal(0, (await cluster.RunAsync("run", "migrate")).Code);
        Assert.Equal(4, cluster.Lines().Count(l => l == "three"));
        Assert.Contains("hand", (await cluster.RunAsync("jobs", "migrate")).Printed);
    }

    [Fact]
    public async Task A_job_whose_node_dies_is_done_elsewhere_and_stays_done_when_the_node_returns()
    {
        await using var cluster = new JobCluster();
        cluster.Write(Service("work", "echo $$TANGRAM_NODE >> NOTES; sleep 4"));
        cluster.Up();
        await cluster.LinesAsync(1);
        var node = cluster.Lines()[0];
        Assert.Equal(0, (await cluster.RunAsync("kill", node)).Code);
        await cluster.LinesAsync(2);
        Assert.NotEqual(node, cluster.Lines()[1]);
        Assert.Equal(0, (await cluster.RunAsync("revive", node)).Code);
        var job = await cluster.BecomesAsync("work", j => j.State == "succeeded");
        await Until.PassedAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(2, cluster.Lines().Length);
        Assert.Equal((1, 1), (job.Runs.Count, job.Runs[0].Completed));
    }

    [Fact]
    public async Task Run_ends_as_the_job_ends()
    {
        await using var cluster = new JobCluster();
        cluster.Write(Service("report", "exit $$(cat NOTES)",
            "    x-tangram: { schedule: { cron: \"0 0 1 1 *\", time_zone: Europe/Berlin } }",
            ", restart_policy: { condition: none }"));
        await File.WriteAllTextAsync(cluster.Notes, "0");
        cluster.Up();
        await cluster.BecomesAsync("report", j => j.State == "waiting" && j.Next is not null);
        Assert.Equal(0, (await cluster.RunAsync("run", "report")).Code);
        await File.WriteAllTextAsync(cluster.Notes, "3");
        var (code, printed) = await cluster.RunAsync("run", "report");
        Assert.Equal(1, code);
        Assert.Contains("ended with exit code 3", printed);
        Assert.Equal(2, (await cluster.RunAsync("run", "nothing")).Code);

        // And help's examples do what it says
        await File.WriteAllTextAsync(cluster.Notes, "0");
        foreach (var line in Examples.Of["jobs"].Concat(Examples.Of["run"]))
        {
            (code, printed) = await cluster.RunAsync(line.Split("  ")[0].Split(' ')[1..]);
            Assert.True(code == 0, $"{line} ended with {code}: {printed}");
        }
    }
}
