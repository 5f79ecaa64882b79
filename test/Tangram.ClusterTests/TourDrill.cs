using System.Net;
using System.Net.Sockets;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>docs/tour.md, command by command in a fresh clone, against what the page says is printed.</summary>
[Collection(nameof(Alone))]
public sealed class TourDrill
{
    [Fact]
    public async Task The_tour_goes_as_it_is_written()
    {
        // Given the page, and a fresh clone
        Needs.Program("curl");
        var steps = TourStep.Of(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "tour.md")));
        Assert.True(steps.Count > 25, $"the tour has only {steps.Count} commands");
        using var clone = await FreshClone.MakeAsync();
        var begun = TimeProvider.System.GetTimestamp();
        TimeSpan? ready = null;
        try
        {
            // When its commands are typed one after the other, then each prints what the page says
            var start = clone.Start("bash", "--noprofile", "--norc");
            start.WorkingDirectory = clone.Root;
            using var shell = new TourShell(start);
            foreach (var step in steps)
            {
                var printed = clone.AsWritten(await shell.TypeAsync(clone.Here(step.Command)));
                ready ??= TimeProvider.System.GetElapsedTime(begun);
                Assert.True(step.Matches(printed), $"docs/tour.md:{step.Line}: {step.Command}\n{printed}\n" +
                    $"was printed, and this was due:\n{string.Join('\n', step.Expected)}");
            }

            // And nothing is left, not even on the gateway's port
            using var free = new TcpListener(IPAddress.Loopback, clone.Port);
            free.Start();
        }
        finally
        {
            await clone.TangramAsync("down", "-f", Path.Combine(clone.Root, "examples", "shop", "compose.yaml"));
        }
        var took = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        Figures.Note(FormattableString.Invariant($"{nameof(TourDrill)}: {steps.Count} commands in {took:0} s, of ") +
            FormattableString.Invariant($"which the first, from the clone to ready, {ready?.TotalSeconds:0} s"));
    }

    [Theory]
    [InlineData("ready in … s", "ready in 2.5 s\n", true)]
    [InlineData("ready in … s", "ready in 2.5 min\n", false)]
    [InlineData("…\nlast", "one\ntwo\nlast\n", true)]
    [InlineData("…\nlast", "one\nlast\ntwo\n", false)]
    [InlineData("A B", "A     B\n\n", true)]
    [InlineData("", "something\n", false)]
    public void A_page_is_compared_line_by_line(string expected, string printed, bool matches)
    {
        var step = TourStep.Of($"text\n```console\n$ command\n{expected}\n```\n").Single();
        Assert.Equal((3, "command", matches), (step.Line, step.Command, step.Matches(printed)));
    }
}
