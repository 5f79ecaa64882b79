using System.Diagnostics;
using System.Globalization;
using System.Text;
using Tangram.Proving.Faults;

namespace Tangram.Bench.Faults;

/// <summary>Each fault between gateway and replica: what was asked for, and what a client made of a bare socket
/// measures on the very path, before it, in force, and after it; and how long the gateway goes astray when whoever
/// holds the fault gets SIGKILL. Writes nothing; prints a table.</summary>
internal static class StreamFaultsBench
{
    private const int Small = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Silence = TimeSpan.FromSeconds(1);

    private sealed record Row(FaultKind Kind, ImpairmentSpec Spec, Func<Look, Task<string>> Measure);

    /// <param name="Open">A connection through the proxy that was open before it struck.</param>
    private sealed record Look(StreamHouse House, int Port, StreamClient Open);

    private static readonly Row[] Rows =
    [
        Of(FaultKind.NetworkDelay, spec => spec with { Jitter = TimeSpan.FromMilliseconds(20) },
            look => TripsAsync(look, 60)),
        Of(FaultKind.NetworkLoss, spec => spec, LossAsync),
        Of(FaultKind.NetworkLoss, spec => spec with { Burst = 3 }, LossAsync),
        Of(FaultKind.NetworkBandwidth, spec => spec, BandwidthAsync),
        Of(FaultKind.NetworkCorrupt, spec => spec, CorruptAsync),
        Of(FaultKind.NetworkCut, spec => spec, CutAsync),
        Of(FaultKind.NetworkCut, spec => spec with { Direction = StreamDirection.To }, CutAsync),
        Of(FaultKind.NetworkCut, spec => spec with { Direction = StreamDirection.From }, CutAsync),
        Of(FaultKind.NetworkReset, spec => spec, ResetAsync),
        Of(FaultKind.AnswerSlow, spec => spec with { Delay = TimeSpan.FromMilliseconds(500) },
            look => TripsAsync(look, 20)),
        Of(FaultKind.AnswerWrong, spec => spec with { Share = 0.3 }, AnswersAsync),
        Of(FaultKind.AnswerHalf, spec => spec with { Share = 0.3 }, AnswersAsync),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var seed = args is [var one] ? ulong.Parse(one, CultureInfo.InvariantCulture) : 1UL;
        using var house = await StreamHouse.StartAsync();
        Console.WriteLine($"one replica on loopback; seed {seed}");
        Console.WriteLine("| fault | asked for | before | in force, as a client measures it | as its holder says | " +
            "directly after its end | after SIGKILL of its holder: directly again |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var row in Rows)
        {
            var before = await TripsAsync(house.Direct, 50);
            var (port, struck) = await house.InjectAsync(row.Kind, row.Spec, seed);
            using var open = (await StreamClient.ConnectAsync(port, Patience))!;
            await open.AskAsync("/", Small, Patience);
            await struck;
            var measured = await row.Measure(new Look(house, port, open));
            var held = await house.RevertAsync();
            if (row.Kind == FaultKind.NetworkCut) measured += await HeldAsync(open);
            var after = await TripsAsync(house.Gateway, 50);
            (_, struck) = await house.InjectAsync(row.Kind, row.Spec, seed + 1);
            await struck;
            var killed = await house.KillAsync();
            var direct = await TripsAsync(house.Gateway, 20);
            Console.WriteLine($"| `{FaultForm.Of(row.Kind).Word}` | {StreamFigures.Asked(row.Kind, row.Spec)} | " +
                $"{Ms(before.Mean)} | {measured} | {held[(held.IndexOf(';') + 2)..]} | {Ms(after.Mean)} | " +
                $"{Ms(killed)}, then {Ms(direct.Mean)} |");
        }
        return 0;
    }

    private static Row Of(FaultKind kind, Func<ImpairmentSpec, ImpairmentSpec> change,
        Func<Look, Task<string>> measure) => new(kind, change(ImpairmentSpec.Usual(kind)), measure);

    /// <summary>From a request to the first byte of its answer, one after another on one connection.</summary>
    private static async Task<(TimeSpan Mean, TimeSpan P99)> TripsAsync(int port, int count)
    {
        using var client = (await StreamClient.ConnectAsync(port, Patience))!;
        var took = new List<TimeSpan>();
        for (var i = 0; i < count; i++) took.Add((await client.AskAsync("/", Small, Patience)).Took);
        took.Sort();
        return (new TimeSpan((long)took.Average(one => one.Ticks)), took[Math.Min(count - 1, count * 99 / 100)]);
    }

    private static async Task<string> TripsAsync(Look look, int count)
    {
        var (mean, p99) = await TripsAsync(look.Port, count);
        return $"first byte after {Ms(mean)} on average, p99 {Ms(p99)} ({count} requests)";
    }

    /// <summary>A request and its answer are a piece each; what waits has lost at least one transmission.</summary>
    private static async Task<string> LossAsync(Look look)
    {
        const int Connections = 16, Each = 60;
        var took = await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            using var client = (await StreamClient.ConnectAsync(look.Port, Patience))!;
            var all = new List<TimeSpan>();
            for (var i = 0; i < Each; i++) all.Add((await client.AskAsync("/", Small, Patience)).Took);
            return all;
        }));
        var flat = took.SelectMany(all => all).ToList();
        var lost = flat.Sum(Losses);
        return string.Create(CultureInfo.InvariantCulture, $"{flat.Count(one => one.TotalMilliseconds > 150)} of ") +
            $"{flat.Count} exchanges waited, at most {Ms(flat.Max())}; by their waits " +
            Percent(lost, flat.Count * 2 + lost) + " of the transmissions were lost";
    }

    /// <summary>A piece that is lost n times waits for 200 · (2ⁿ − 1) ms, and two pieces make an exchange.</summary>
    private static int Losses(TimeSpan took) => (
        from there in Enumerable.Range(0, 9)
        from back in Enumerable.Range(0, 9)
        orderby Math.Abs(200 * ((1 << there) + (1 << back) - 2) - took.TotalMilliseconds), there + back
        select there + back).First();

    private static async Task<string> BandwidthAsync(Look look)
    {
        using var client = (await StreamClient.ConnectAsync(look.Port, Patience))!;
        var answer = await client.AskAsync("/big", StreamReplica.Big, Patience);
        return string.Create(CultureInfo.InvariantCulture,
            $"{answer.Bytes.Length} bytes in {answer.Whole.TotalSeconds:0.00} s: " +
            $"{answer.Bytes.Length / answer.Whole.TotalSeconds:0} bytes/s");
    }

    private static async Task<string> CorruptAsync(Look look)
    {
        var (wrong, pieces) = (0, 0);
        for (var i = 0; i < 10; i++)
        {
            using var client = (await StreamClient.ConnectAsync(look.Port, Patience))!;
            var answer = await client.AskAsync("/big", StreamReplica.Big, Patience);
            var head = $"HTTP/1.1 200 OK\r\nContent-Length: {StreamReplica.Big}\r\n\r\n";
            byte[] right = [.. Encoding.ASCII.GetBytes(head),
                .. Enumerable.Range(0, StreamReplica.Big).Select(StreamReplica.At)];
            wrong += answer.Bytes.Zip(right).Count(pair => pair.First != pair.Second);
            pieces += (right.Length + ImpairedStream.Piece - 1) / ImpairedStream.Piece;
        }
        return $"{wrong} wrong bytes in the {pieces} packets' worth of ten answers ({Percent(wrong, pieces)})";
    }

    private static async Task<string> CutAsync(Look look)
    {
        var before = await CountAsync(look.House);
        var answer = await look.Open.AskAsync("/", Small, Silence);
        var arrived = await CountAsync(look.House) - before;
        using var late = await StreamClient.ConnectAsync(look.Port, Silence);
        return $"on an open connection the request {(arrived == 0 ? "did not arrive" : "arrived")}, " +
            (answer.Trouble == "silent" ? $"no answer in {Ms(answer.Whole)}" : $"ANSWERED ({answer.Trouble})") +
            (late is null ? "; a new one did not come about in 1 s" : "; A NEW ONE CAME ABOUT");
    }

    /// <summary>What was held goes on at the end of a cut.</summary>
    private static async Task<string> HeldAsync(StreamClient open)
    {
        var answer = await open.ReadAsync(Small, Silence);
        return answer.Status == 200 ? "; at its end the answer came" : $"; NO ANSWER AT ITS END ({answer.Trouble})";
    }

    private static async Task<string> ResetAsync(Look look)
    {
        var open = await look.Open.ReadAsync(Small, Silence);
        var resets = 0;
        for (var i = 0; i < 50; i++)
        {
            using var client = await StreamClient.ConnectAsync(look.Port, Silence);
            // The reset may come while it is still told that it has come about.
            if (client is null || (await client.ReadAsync(Small, Silence)).Trouble is not ("silent" or "closed"))
                resets++;
        }
        return $"the open connection was {open.Trouble}, and {resets} of 50 new ones were reset";
    }

    private static async Task<string> AnswersAsync(Look look)
    {
        const int Count = 1_000;
        var answers = new List<StreamAnswer>();
        while (answers.Count < Count)
        {
            using var client = (await StreamClient.ConnectAsync(look.Port, Patience))!;
            do answers.Add(await client.AskAsync("/", Small, Patience));
            while (answers[^1] is { Status: 200, Trouble: null } && answers.Count < Count);
        }
        var wrong = answers.Count(a => a.Status == 500);
        var cut = answers.Where(a => a.Trouble == "closed").ToList();
        return $"of {Count} answers {wrong} were 500 ({Percent(wrong, Count)}), {cut.Count} ended too early " +
            $"({Percent(cut.Count, Count)})" + (cut.Count == 0 ? ""
                : $", with {cut.Max(a => a.Bytes.Length - a.BodyAt)} of {Small} bytes");
    }

    private static async Task<int> CountAsync(StreamHouse house)
    {
        using var client = (await StreamClient.ConnectAsync(house.Direct, Patience))!;
        var answer = await client.AskAsync("/count", 1, Patience);
        return int.Parse(Encoding.ASCII.GetString(answer.Bytes.AsSpan(answer.BodyAt)), CultureInfo.InvariantCulture);
    }

    private static string Percent(long part, long all) =>
        string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / all:0.0} %");

    private static string Ms(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.0} ms");
}
