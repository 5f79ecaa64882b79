using System.Buffers;
using Tangram.Model;
using Tangram.Routing.Http1;

namespace Tangram.Proving;

public enum LoadEngine
{
    /// <summary>Our own, when it can do what is asked, otherwise the platform's client.</summary>
    Chosen,
    /// <summary>HTTP/1.1 on sockets of our own.</summary>
    Raw,
    /// <summary>The platform's HTTP client.</summary>
    Platform,
}

/// <summary>Which engine makes a load, and what each can do.</summary>
public static class LoadEngines
{
    private static readonly SearchValues<char> NotInValue = SearchValues.Create("\r\n\0");

    /// <summary>They decide where a request ends, or what follows it; a request that says them is the platform's to
    /// make.</summary>
    private static readonly string[] Framing =
        ["Transfer-Encoding", "Content-Length", "Expect", "Upgrade", "Trailer", "TE"];

    /// <summary>Why our own engine cannot do it; null when it can.</summary>
    public static string? NotRaw(LoadOptions options) =>
        options.Classes.Any(c => c.Url.Scheme == "https") ? "TLS"
        : options.Http2 ? "HTTP/2"
        : options.Also.Count > 0 ? "other addresses to try"
        : options.LostAfter is not null ? "a limit to silence"
        : options.Classes.Any(c => c.Url.Authority != options.Classes[0].Url.Authority) ? "several hosts"
        : options.Headers.Where(h => Framing.Contains(h.Name, StringComparer.OrdinalIgnoreCase))
            .Select(h => h.Name).FirstOrDefault();

    /// <summary>What is wrong with those options that concern only some of the engines, as sentences.</summary>
    internal static IEnumerable<string> Problems(LoadOptions options)
    {
        if (options.Users is <= 0 or > LoadOptions.HighestUsers)
            yield return $"there are 1 to {LoadOptions.HighestUsers} users";
        var messages = LoadSockets.Is(options.Url);
        var own = options.Users is not null || options.Engine == LoadEngine.Raw;
        if (!messages && own && NotRaw(options) is { } reason)
            yield return $"users are of plain HTTP/1.1 only, and this asks for {reason}. Offer a rate instead";
        if (!messages && options.Users is not null && options.Engine == LoadEngine.Platform)
            yield return "the platform's client offers a rate, not users";
        if (options.Think < TimeSpan.Zero || options.Think > TimeSpan.FromHours(1))
            yield return "a user thinks for at most an hour";
        if (options.Think > TimeSpan.Zero && options.Users is null)
            yield return "only users think: say how many there are, or leave the thinking out";
        if (options.Threads is <= 0 or > LoadOptions.HighestThreads)
            yield return $"there are 1 to {LoadOptions.HighestThreads} threads";
        foreach (var header in options.Headers.Append(new(options.UniqueIdHeader ?? "Id", "")))
        {
            if (!FieldNames.IsToken(System.Text.Encoding.UTF8.GetBytes(header.Name)))
                yield return $"'{header.Name}' is not the name of a header";
            if (header.Value.AsSpan().ContainsAny(NotInValue))
                yield return $"the header {header.Name} has a line end or a null character in its value";
        }
    }

    /// <summary>What one of <paramref name="parts"/> gets of a whole that is dealt out evenly.</summary>
    public static int Share(int whole, int parts, int part) => whole / parts + (part < whole % parts ? 1 : 0);

    /// <summary>How many threads a run wants.</summary>
    /// <param name="processors">Of this machine.</param>
    /// <param name="mostConnections">That one thread can hold.</param>
    public static int Threads(LoadOptions options, int processors, int mostConnections)
    {
        var connections = Connections(options);
        // One thread keeps its time best, and does 20,000 requests a second at a third of a processor.
        var rate = (options.Replay?.Log.Busiest ?? options.Rate) / options.Part.Of;
        var enough = options.Users is null ? (int)Math.Ceiling(rate / 20_000) : connections;
        var wanted = options.Threads ?? Math.Min(enough, processors);
        var needed = (connections + mostConnections - 1) / mostConnections;
        var most = Math.Min(connections, options.MaxInFlight);
        return Math.Clamp(Math.Max(wanted, needed), 1, Math.Max(1, most));
    }

    /// <summary>How many connections there are at the most.</summary>
    public static int Connections(LoadOptions options) =>
        options.Users ?? Math.Min(options.Connections, options.MaxInFlight);
}
