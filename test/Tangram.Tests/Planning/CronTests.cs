using System.Globalization;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

/// <summary>What a schedule means at the hours that clocks skip or repeat.</summary>
public sealed class CronTests
{
    private static string[] Occurrences(string cron, string zone, string from, string to)
    {
        var times = Cron.Of(new ScheduleSpec { Cron = cron, TimeZone = zone })!;
        var (at, end) = (Time(from), Time(to));
        var found = new List<string>();
        while (times.Next(at) is { } next && next <= end)
        {
            found.Add(next.ToString("MM-dd HH:mm", CultureInfo.InvariantCulture));
            at = next;
        }
        return [.. found];
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    [Fact]
    public void What_falls_into_the_hour_that_is_skipped_runs_once_when_it_ends() =>
        // Berlin, 2026-03-29: 01:59 is followed by 03:00, which is 01:00 UTC.
        Assert.Equal(["03-28 01:30", "03-29 01:00", "03-30 00:30"],
            Occurrences("30 2 * * *", "Europe/Berlin", "2026-03-28", "2026-03-30T12:00Z"));

    [Fact]
    public void In_the_hour_that_comes_twice_a_fixed_time_runs_once() =>
        // Berlin, 2026-10-25: 02:59 summer time is followed by 02:00 winter time, which is 01:00 UTC.
        Assert.Equal(["10-24 00:30", "10-25 00:30", "10-26 01:30"],
            Occurrences("30 2 * * *", "Europe/Berlin", "2026-10-24", "2026-10-26T12:00Z"));

    [Fact]
    public void In_the_hour_that_comes_twice_an_interval_runs_in_both() =>
        Assert.Equal(["10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30", "10-25 02:00"],
            Occurrences("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:59Z", "2026-10-25T02:00Z"));

    [Theory]
    [InlineData("*/2 * * * * *", "2026-03-01T12:00:01Z", "2026-03-01T12:00:07Z", "12:00:06", 3)]
    [InlineData("0 * * * *", "2026-03-01T00:00Z", "2026-03-01T12:30Z", "12:00:00", 12)]
    [InlineData("30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T12:00Z", "01:00:00", 1)]
    [InlineData("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T12:00Z", "00:30:00", 1)]
    [InlineData("*/30 * * * *", "2026-10-25T00:00Z", "2026-10-25T01:45Z", "01:30:00", 3)]
    [InlineData("* * * * * *", "2020-01-01", "2026-01-01", "00:00:00", 1000)]
    public void The_newest_that_is_due_is_found_however_many_there_are(
        string cron, string handled, string now, string newest, int count)
    {
        var due = Cron.Of(new ScheduleSpec { Cron = cron, TimeZone = "Europe/Berlin" })!
            .Since(Time(handled), Time(now), Due.Most)!.Value;
        Assert.Equal((newest, count), (due.Newest.ToString("HH:mm:ss", CultureInfo.InvariantCulture), due.Count));
    }

    [Fact]
    public void Nothing_is_due_that_was_decided_and_nothing_when_the_clock_jumped_back()
    {
        var cron = Cron.Of(new ScheduleSpec { Cron = "0 * * * *" })!;
        Assert.Null(cron.Since(Time("2026-03-01T12:00Z"), Time("2026-03-01T12:30Z"), Due.Most));
        Assert.Null(cron.Since(Time("2026-03-01T12:00Z"), Time("2026-02-01T00:30Z"), Due.Most));
    }

    [Theory]
    [InlineData("cron: \"61 * * * *\"", "7:25: 'cron' is '61 * * * *', which is no cron expression")]
    [InlineData("cron: \"* * *\"", "7:25: 'cron' is '* * *', which is no cron expression")]
    [InlineData("cron: \"0 0 31 2 *\"", "7:25: 'cron' is '0 0 31 2 *', which never comes")]
    [InlineData("cron: \"* * * * *\", time_zone: Mars/Olympus", "'Mars/Olympus', which this machine does not know")]
    [InlineData("time_zone: UTC", "7:17: the schedule has no cron")]
    [InlineData("cron: \"* * * * *\", overlap: queue", "write forbid or allow")]
    [InlineData("cron: \"* * * * *\", missed: run-all", "write run-once")]
    [InlineData("cron: \"* * * * *\", starting_deadline: 0s", "which is not a duration of 1ms or more")]
    [InlineData("cron: \"* * * * *\", history: 0", "a whole number from 1 to 100")]
    public void What_is_wrong_with_a_schedule_is_said_with_its_place_and_remedy(string schedule, string expected) =>
        Assert.Contains(expected, Problems($$"""
            name: shop
            services:
              report:
                command: "true"
                deploy: { mode: replicated-job }
                x-tangram:
                  schedule: { {{schedule}} }
            """));

    [Theory]
    [InlineData("deploy: { replicas: 1 }, ", "this service runs for ever")]
    [InlineData("", "this service has a probe, a route or a port", "probe: tcp, ")]
    [InlineData("deploy: { mode: replicated-job }, ", "a job ends, and this service has a probe",
        "route: { path: / }, ")]
    [InlineData("deploy: { mode: replicated-job }, ", "a job cannot be a singleton", "singleton: true, ")]
    [InlineData("restart: always, deploy: { mode: replicated-job }, ", "'restart' would start a job again")]
    [InlineData("deploy: { mode: replicated-job, replicas: 1001 }, ", "a job has at most 1000 completions")]
    public void A_schedule_is_for_a_job_and_a_job_serves_nobody(string service, string expected, string more = "") =>
        Assert.Contains(expected, Problems($$"""
            name: shop
            services:
              report: { command: "true", {{service}}x-tangram: { {{more}}schedule: { cron: "* * * * *" } } }
            """));

    [Fact]
    public void Nobody_can_wait_for_what_only_a_schedule_runs() => Assert.Contains("nobody can wait for it",
        Problems("""
        name: shop
        services:
          report:
            command: "true"
            deploy: { mode: replicated-job }
            x-tangram: { schedule: { cron: "* * * * *" } }
          web: { command: "true", depends_on: { report: { condition: service_completed_successfully } } }
        """));

    private static string Problems(string text) => string.Join('\n', Yaml.Read(text).Problems);
}
