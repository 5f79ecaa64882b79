using System.Net;
using System.Net.Sockets;
using Tangram.ClusterTests.Drilling;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

/// <summary>A machine that answers nothing any more, not even by its kernel: no power, or no cable.</summary>
[Collection(nameof(Proving.Alone))]
public sealed class SilentMachineTests
{
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1), Soon = TimeSpan.FromSeconds(10),
        Between = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task A_get_sent_to_a_machine_without_power_is_answered_by_another_at_once_and_a_post_waits()
    {
        await using var gone = new RawBackend("gone", (_, _) => Act.Late);
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(gone.Port);
        // Two connections are open from now on
        await Task.WhenAll(bed.GetAsync(), bed.GetAsync());
        var power = new DroppedPackets(gone.Port);
        var before = gone.Requests;

        // A GET and a POST are sent into the void, and only then there is another replica
        var (get, post) = (TimedAsync(bed), bed.PostAsync("body"));
        await GatewayBed.UntilAsync(() => Backends(bed).Single().Counters.InFlight == 2);
        bed.Route([gone.Port, good.Port]);

        var (text, took) = await get.WaitAsync(Soon, TimeProvider.System);
        Assert.Equal("good", text);
        // What comes now does not go there, nor does any of it try whether the machine is back
        var others = new List<TimeSpan>();
        for (var begun = TimeProvider.System.GetTimestamp();
            TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(4);)
        {
            var (answer, lasted) = await TimedAsync(bed);
            Assert.Equal("good", answer);
            others.Add(lasted);
            await Until.PassedAsync(Between);
        }
        Assert.False(post.IsCompleted);
        Assert.Equal(before, gone.Requests);
        Note($"without power: a GET answered after {took.TotalMilliseconds:0} ms, the slowest of {others.Count} ",
            $"later ones after {others.Max().TotalMilliseconds:0} ms");
        Assert.True(took < Quick && others.Max() < Quick, $"{took}, {others.Max()}");

        // When its power is back it gets requests again, and nothing was done twice
        power.Dispose();
        Assert.Equal(HttpStatusCode.OK, await post.WaitAsync(Soon, TimeProvider.System));
        await GatewayBed.UntilAsync(() => Backends(bed).All(backend => !backend.Counters.Ejected));
        Assert.Single(gone.Heads, head => head.StartsWith("POST", StringComparison.Ordinal));
        Assert.DoesNotContain(good.Heads, head => head.StartsWith("POST", StringComparison.Ordinal));
    }

    /// <summary>Its kernel goes on acknowledging: so does a paused one's.</summary>
    [Fact]
    public async Task A_replica_that_stands_still_is_not_taken_for_a_silent_machine()
    {
        using var still = new TcpListener(IPAddress.Loopback, 0);
        still.Start();
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        var port = ((IPEndPoint)still.LocalEndpoint).Port;
        await using var bed = await GatewayBed.StartAsync(port);
        var gets = Enumerable.Range(0, 20).Select(_ => bed.GetAsync()).ToArray();
        await GatewayBed.UntilAsync(() => Backends(bed).Single().Counters.InFlight == gets.Length);
        bed.Route([port, good.Port]);

        await Until.PassedAsync(TimeSpan.FromSeconds(3));

        Assert.DoesNotContain(gets, get => get.IsCompleted);
        Assert.Equal(0, Backends(bed).Sum(backend => backend.Counters.Failures));
    }

    [Fact]
    public async Task A_tenth_of_all_packets_lost_does_not_make_machines_silent()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Answer);
        await using var two = new RawBackend("two", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port);
        await WarmAsync(bed, one, two);
        using var first = new DroppedPackets(one.Port, 10);
        using var second = new DroppedPackets(two.Port, 10);

        var begun = TimeProvider.System.GetTimestamp();
        var all = new List<TimeSpan>();
        while (TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(12))
            all.AddRange((await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TimedAsync(bed)))).Select(t => t.Took));

        var ejected = Backends(bed).Sum(backend =>
            Enum.GetValues<EjectionCause>().Sum(cause => backend.Counters.Figures.EjectionsFor((int)cause)));
        Note($"a tenth of the packets lost each way: {all.Count} GETs, ejections {ejected}, longest ",
            $"{all.Max().TotalMilliseconds:0} ms");
        Assert.True(ejected <= 2, $"{ejected} of {all.Count}");
    }

    private static void Note(FormattableString some, FormattableString more) => Figures.Note(
        $"{nameof(SilentMachineTests)}: {FormattableString.Invariant(some)}{FormattableString.Invariant(more)}");

    private static IReadOnlyList<Backend> Backends(GatewayBed bed) =>
        bed.Gateway.Table.Find(GatewayBed.Order)!.Backends;

    private static async Task WarmAsync(GatewayBed bed, params RawBackend[] backends)
    {
        while (backends.Any(backend => backend.Requests == 0)) await bed.GetAsync();
    }

    private static async Task<(string Text, TimeSpan Took)> TimedAsync(GatewayBed bed)
    {
        var begun = TimeProvider.System.GetTimestamp();
        var (status, text) = await bed.GetAsync();
        Assert.Equal(HttpStatusCode.OK, status);
        return (text, TimeProvider.System.GetElapsedTime(begun));
    }
}
