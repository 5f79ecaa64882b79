using System.Diagnostics;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Clients of HTTP/2 who make work for the gateway and none for themselves (RFC 9113, 10.5): the connection
/// ends or is held up, memory stays bounded, and others are answered.</summary>
[Collection(nameof(Alone))]
public sealed class FloodTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const long MostBytes = 100_000_000;
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(3), Soon = TimeSpan.FromSeconds(2);
    private readonly StrictBed _bed = new();

    internal static IEnumerable<(string Name, string Rfc, bool Ends, Func<int, Frames, Frames> Says)> Table =>
    [
        ("endless CONTINUATION frames", "9113 10.5.1", true, (round, says) => (round == 0
            ? says.Frame(FrameKind.Headers, 0, 1, Frames.Block(Frames.Get)) : says)
            .Frame(FrameKind.Continuation, 0, 1, Frames.Block([("a", "b")]))),
        ("endless empty CONTINUATION frames", "9113 10.5", false, (round, says) => (round == 0
            ? says.Frame(FrameKind.Headers, 0, 1, Frames.Block(Frames.Get)) : says)
            .Frame(FrameKind.Continuation, 0, 1)),
        ("requests that are taken back at once", "9113 10.5", true, (round, says) => says
            .Headers(2 * round + 1, Frames.Get).Frame(FrameKind.Reset, 0, 2 * round + 1, 0, 0, 0, 8)),
        ("requests without an end that are taken back at once", "9113 10.5", true, (round, says) => says
            .Headers(2 * round + 1, Frames.Post, Frames.EndHeaders)
            .Frame(FrameKind.Reset, 0, 2 * round + 1, 0, 0, 0, 8)),
        ("more streams at once than allowed", "9113 5.1.2", false,
            (round, says) => says.Headers(2 * round + 1, Frames.Post, Frames.EndHeaders)),
        ("SETTINGS without an end", "9113 10.5", false, (_, says) =>
            says.Frame(FrameKind.Settings, 0, 0, 0, 4, 0, 1, 0, 0)),
        ("PING without an end, and no answer taken", "9113 10.5", false,
            (_, says) => says.Frame(FrameKind.Ping, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)),
        ("empty DATA frames without an end", "9113 10.5", false, (round, says) => (round == 0
            ? says.Headers(1, Frames.Post, Frames.EndHeaders) : says).Frame(FrameKind.Data, 0, 1)),
        ("WINDOW_UPDATE on a stream without an end", "9113 10.5", false, (round, says) => (round == 0
            ? says.Headers(1, Frames.Post, Frames.EndHeaders) : says)
            .Frame(FrameKind.WindowUpdate, 0, 0, 0, 0, 0, 1)),
        ("PRIORITY without an end", "9113 10.5", false,
            (round, says) => says.Frame(FrameKind.Priority, 0, 2 * round + 1, 0, 0, 0, 0, 16)),
    ];

    public static TheoryData<string> Names => [.. Table.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_borne(string name)
    {
        var (_, _, ends, says) = Table.Single(row => row.Name == name);
        await _bed.InitializeAsync();
        using var attacker = new FrameReader();
        await attacker.ConnectAsync(_bed.Port);
        var before = Process.GetCurrentProcess().WorkingSet64;
        using var over = new CancellationTokenSource(Lasts);
        var flood = FloodAsync(attacker, says, over.Token);
        var longest = TimeSpan.Zero;
        while (!over.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            using var other = new RawClient();
            await other.ConnectAsync(_bed.Port);
            await other.SendAsync("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal(200, await other.AnswerAsync());
            longest = Stopwatch.GetElapsedTime(begun) > longest ? Stopwatch.GetElapsedTime(begun) : longest;
        }
        var (rounds, ended) = await flood;
        var grown = Process.GetCurrentProcess().WorkingSet64 - before;
        output.WriteLine($"{name}: {rounds} rounds, {(ended ? "ended" : "borne")}, {grown / 1e6:0} MB, others at " +
            $"most {longest.TotalMilliseconds:0} ms");
        Assert.True(ended || !ends, "the connection was not ended");
        Assert.True(grown < MostBytes, $"{grown / 1e6:0} MB");
        Assert.True(longest < Soon, $"others waited {longest}");
        Assert.Empty(_bed.Backend.Faults);
    }

    /// <summary>Without reading anything.</summary>
    private static async Task<(int Rounds, bool Ended)> FloodAsync(
        FrameReader attacker, Func<int, Frames, Frames> says, CancellationToken over)
    {
        await attacker.SendAsync(Frames.Begun().Bytes);
        for (var round = 0; !over.IsCancellationRequested;)
        {
            var some = new Frames();
            for (var i = 0; i < 100; i++) says(round++, some);
            if (!await attacker.SendAsync(some.Bytes, over)) return (round, !over.IsCancellationRequested);
        }
        return (0, false);
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();
}
