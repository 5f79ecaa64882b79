using System.Globalization;

namespace Shop;

/// <summary>What every service of the shop takes from its surroundings, and how it listens.</summary>
internal static class Replica
{
    /// <summary>Less than the file's <c>stop_grace_period</c>: requests in flight end before the process is
    /// killed.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(9);

    public static string Name { get; } = Read("TANGRAM_REPLICA") ?? "alone";
    public static string Zone { get; } = Read("TANGRAM_ZONE") ?? "";

    /// <summary>An artificial delay of each answer, so that requests are in flight when something breaks.</summary>
    public static TimeSpan Latency { get; } =
        TimeSpan.FromMilliseconds(int.Parse(Read("LATENCY_MS") ?? "0", CultureInfo.InvariantCulture));

    /// <summary>Null when the variable is missing or empty.</summary>
    public static string? Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    public static WebApplication Build()
    {
        var port = Read("PORT") ??
            throw new InvalidOperationException("PORT is not set: Tangram gives every replica its port");
        // Tangram also sets this one, for programs that know nothing of PORT; with both, Kestrel would warn.
        Environment.SetEnvironmentVariable("ASPNETCORE_HTTP_PORTS", null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls($"http://{Read("HOST") ?? "127.0.0.1"}:{port}");
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        return builder.Build();
    }

    /// <summary>A client for another service, at the address Tangram gives; null when there is none.</summary>
    public static HttpClient? ClientOf(string service) => Read($"TANGRAM_URL_{service}") is { } url
        ? new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(5) }
        : null;
}
