using System.Diagnostics;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Drills;

public sealed class DrillHistoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-history-").FullName;
    private readonly List<string> _damaged = [];
    private readonly DrillHistory _history;
    private int _day;

    public DrillHistoryTests() => _history = new DrillHistory(_folder);

    [Fact]
    public void What_was_kept_is_read_in_the_order_in_which_it_began()
    {
        Assert.Empty(_history.Names());
        var (first, second) = (Kept("replica-loss", 1.5), Kept("node-loss", 2));
        Assert.Equal([first, second], _history.Read(_damaged.Add));
        Assert.Equal(first, _history.Last("replica-loss"));
        Assert.Null(_history.Last("zone-loss"));
        Assert.Empty(_damaged);
        // And by its name, for whoever waits for the next
        var third = Kept("replica-loss", 1);
        Assert.Equal(third, _history.Read(_history.Names()[2]));
        Assert.Equal(third, _history.Last("replica-loss"));
        Assert.Null(_history.Read("20200101T000000000Z.json"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"drill\": \"half")]
    [InlineData("{\"drill\": \"mine\", \"startedAt\": \"yesterday\"}")]
    [InlineData("[1, 2]")]
    [InlineData("{\"drill\": null, \"verdict\": null}")]
    public void A_damaged_one_is_told_and_passed_over(string text)
    {
        var kept = Kept("replica-loss", 1);
        File.WriteAllText(Path.Combine(_folder, "drills", "20261130T000000000Z.json"), text);
        Directory.CreateDirectory(Path.Combine(_folder, "drills", "20261201T000000000Z.json"));
        Assert.Equal([kept], _history.Read(_damaged.Add));
        Assert.Contains("is no result of a drill, and is passed over", Assert.Single(_damaged));
    }

    [Fact]
    public void The_oldest_go()
    {
        for (var number = 0; number < DrillHistory.Most + 5; number++) Kept("replica-loss", 1);
        var kept = _history.Read(_damaged.Add).ToList();
        Assert.Equal(DrillHistory.Most, kept.Count);
        Assert.Equal(6, (kept[0].StartedAt - DrillBed.Result("x", DrillRuling.Kept).StartedAt).TotalDays);
    }

    [Fact]
    public void What_cannot_be_kept_is_told()
    {
        File.WriteAllText(Path.Combine(_folder, "drills"), "a file in its place");
        Assert.Contains("could not be kept", _history.Keep(DrillBed.Result("replica-loss", DrillRuling.Kept)));
        Assert.Empty(_history.Read(_damaged.Add));
    }

    [Fact]
    public void A_report_stands_beside_the_last_one()
    {
        var last = DrillSummary.Of(DrillBed.Result("replica-loss", DrillRuling.Broken, TimeSpan.FromSeconds(0.9)));
        var lines = DrillReport.Lines(DrillBed.Result("replica-loss", DrillRuling.Kept, TimeSpan.FromSeconds(1.2)) with
        {
            Last = last,
        }).ToList();
        Assert.Contains("whole after 1.2 s; last time 900 ms", lines);
        Assert.Contains("detected after 50 ms; last time 50 ms", lines);
        Assert.Contains("last time it was BROKEN", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("left ", StringComparison.Ordinal));
        var never = DrillReport.Lines(DrillBed.Result("replica-loss", DrillRuling.Broken) with { Last = last });
        Assert.Contains("whole never; last time 900 ms", never);
    }

    [Fact]
    public void A_drill_that_goes_on_is_known_by_its_holder()
    {
        Assert.False(FaultHolder.IsHeld(_folder));
        using var holder = Process.Start(new ProcessStartInfo("/bin/sh",
            ["-c", "read line; :", FaultHolder.Command, _folder]) { RedirectStandardInput = true })!;
        File.WriteAllText(Path.Combine(_folder, "drill.lock"), $"{holder.Id}");
        Assert.True(FaultHolder.IsHeld(_folder));
        holder.StandardInput.Close();
        holder.WaitForExit();
        Assert.False(FaultHolder.IsHeld(_folder));
        // The number of another process by now
        File.WriteAllText(Path.Combine(_folder, "drill.lock"), $"{Environment.ProcessId}");
        Assert.False(FaultHolder.IsHeld(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private DrillResult Kept(string drill, double whole)
    {
        var result = DrillBed.Result(drill, DrillRuling.Kept, TimeSpan.FromSeconds(whole));
        result = result with { StartedAt = result.StartedAt.AddDays(++_day) };
        Assert.Null(_history.Keep(result));
        return result;
    }
}
