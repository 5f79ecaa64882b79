using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tangram.Model;
using Tangram.Proving.Traffic;

namespace Tangram.Bench.Anchors;

/// <summary>A replica that takes its time: a log-normal one, with so many requests in work at once, and the others in
/// its own queue. What it is to do otherwise stands in a file: `slow REPLICA` (2 s) or `fail` (500). It says in another
/// file how many requests it got.</summary>
internal static class AnchorBackend
{
    private const double Sigma = 0.4;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    /// <param name="args">The folder of the files, the median in milliseconds, and how many it works on at once (0: all
    /// of them).</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var (folder, median) = (args[0], TimeSpan.FromMilliseconds(Number(args[1])));
        var places = Number(args[2]) is > 0 and var most ? new SemaphoreSlim(most) : null;
        var replica = Environment.GetEnvironmentVariable("TANGRAM_REPLICA")!;
        var rng = new Rng((ulong)replica.GetHashCode(StringComparison.Ordinal) | 1);
        var gate = new Lock();
        var (mode, got) = ("", 0);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, Number(Environment.GetEnvironmentVariable("PORT")!)));
        await using var app = builder.Build();
        app.Run(async http =>
        {
            if (http.Request.Path == "/healthz") return;
            Interlocked.Increment(ref got);
            TimeSpan takes;
            lock (gate) takes = TrafficScenario.LogNormal(median, Sigma, rng);
            var now = Volatile.Read(ref mode);
            if (now == $"slow {replica}") takes = Slow;
            if (now == "fail")
            {
                takes = median;
                http.Response.StatusCode = 500;
            }
            // It works on for clients that have left, as most programs do.
            if (places is not null) await places.WaitAsync();
            if (takes > TimeSpan.Zero) await Task.Delay(takes, TimeProvider.System);
            places?.Release();
            await http.Response.WriteAsync(replica);
        });
        await using var timer = new Timer(_ =>
        {
            var file = Path.Combine(folder, "mode");
            Volatile.Write(ref mode, File.Exists(file) ? File.ReadAllText(file) : "");
            File.WriteAllText(Path.Combine(folder, $"got-{replica}"),
                Volatile.Read(ref got).ToString(CultureInfo.InvariantCulture));
        }, null, Every, Every);
        await app.RunAsync();
        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
