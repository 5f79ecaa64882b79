using Tangram.Proving;
using Tangram.Proving.Capacity;

namespace Tangram.ClusterTests.Proving;

[Collection(nameof(Alone))]
public sealed class FindLimitTests(ITestOutputHelper output)
{
    private static Task<LimitResult> SearchAsync(RawServer server, LimitOptions limit) =>
        LimitEntrance.SearchAsync(
            new LoadOptions { Url = server.Url, Rate = 1, Duration = TimeSpan.FromSeconds(1) }, limit,
            _ => { }, TimeProvider.System, TestContext.Current.CancellationToken);

    /// <summary>So many answers at once, each of which takes a while; the others wait in line.</summary>
    private static RawServer Workers(SemaphoreSlim free, TimeSpan service) => new(async (socket, _) =>
    {
        await free.WaitAsync();
        try { await Task.Delay(service, TimeProvider.System); }
        finally { free.Release(); }
        await RawServer.SendAsync(socket, "200 OK");
    });

    [Theory]
    [InlineData(4, 20)]
    [InlineData(8, 40)]
    public async Task The_knee_of_a_few_workers_is_found_within_10_percent(int workers, int milliseconds)
    {
        using var free = new SemaphoreSlim(workers);
        await using var server = Workers(free, TimeSpan.FromMilliseconds(milliseconds));
        var result = await SearchAsync(server, new LimitOptions { Step = TimeSpan.FromSeconds(2) });
        output.WriteLine(string.Join('\n', LimitReport.Lines(result)));
        foreach (var step in result.Steps)
            output.WriteLine($"{step.Load}: {step.Throughput:0.#}/s, " +
                $"p99 {step.Latency.P99.TotalMilliseconds:0.#} ms, held {step.Held.TotalMilliseconds:0.##} ms, " +
                $"cpu {step.Cpu:0%}");
        // The platform's delays end up to a millisecond late, and that is the server's own time.
        var limit = workers / (milliseconds / 1000.0);
        Assert.Equal(LoadRuling.Passed, result.Verdict.Ruling);
        Assert.InRange(result.Greatest, 0.9 * limit, 1.02 * limit);
        Assert.InRange(result.Fit.Greatest!.Value, 0.9 * limit, 1.1 * limit);
        Assert.InRange(result.Knee, 0.9 * workers, 1.1 * workers);
        Assert.InRange(result.Rate!.Value, 0.8 * limit, 1.02 * limit);
    }

    [Fact]
    public async Task A_server_that_refuses_has_no_limit()
    {
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "503 Busy"));
        var result = await SearchAsync(server, new LimitOptions { Step = TimeSpan.FromMilliseconds(200) });
        Assert.Equal((LoadRuling.Failed, LimitEnd.Failures), (result.Verdict.Ruling, result.End));
    }

    [Fact]
    public async Task A_server_that_is_faster_than_the_generator_voids_the_search()
    {
        // It answers at once, in the same process: whatever is slow is the generator or shares its processors.
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var result = await SearchAsync(server, new LimitOptions { Step = TimeSpan.FromMilliseconds(500) });
        output.WriteLine(string.Join('\n', LimitReport.Lines(result)));
        Assert.Equal(LoadRuling.Void, result.Verdict.Ruling);
        Assert.Contains("the generator", result.Verdict.Because, StringComparison.Ordinal);
    }
}
