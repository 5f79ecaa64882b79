using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tangram.Bench.Zones;

/// <summary>A replica that says in which zone it stands, after as many milliseconds as a file of its zone says, 50
/// without one, with a log-normal spread (σ 0.4).</summary>
internal static class ZoneReplica
{
    private const double Usual = 50, Sigma = 0.4;

    /// <summary>How long a zone's answers take is looked up so often.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <param name="args">The folder with the zones' files.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var zone = Environment.GetEnvironmentVariable("TANGRAM_ZONE")!;
        var file = Path.Combine(args[0], zone);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback,
            int.Parse(Environment.GetEnvironmentVariable("PORT")!, CultureInfo.InvariantCulture)));
        await using var app = builder.Build();
        var median = Usual;
        await using var looks = new Timer(_ => Volatile.Write(ref median, Read(file)), null, TimeSpan.Zero, Look);
        app.MapGet("/healthz", () => "");
        app.Run(async http =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Volatile.Read(ref median) * Spread()));
            await http.Response.WriteAsync(zone);
        });
        await app.RunAsync();
        return 0;
    }

    private static double Read(string file)
    {
        try
        {
            return double.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var read) ? read : Usual;
        }
        catch (IOException)
        {
            return Usual;
        }
    }

    private static double Spread()
    {
        var random = Random.Shared;
        return Math.Exp(Sigma * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
            * Math.Cos(2 * Math.PI * random.NextDouble()));
    }
}
