using System.Globalization;
using System.Text.Json;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads what a browser recorded (HTTP Archive 1.2): its requests in their order, with the pauses between
/// them. Only those to the first one's server: nobody has asked the others.</summary>
public static class HarReader
{
    public const int MostEntries = 10_000;

    /// <summary>They are another connection's or another user's, or ask about a cache that a new user does not
    /// have.</summary>
    private static readonly HashSet<string> NotSent = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "content-length", "connection", "cookie", "if-none-match", "if-modified-since", "transfer-encoding",
        "upgrade", "keep-alive", "proxy-connection", "te",
    };

    /// <summary>Null when there are errors.</summary>
    /// <param name="target">Instead of the recorded server.</param>
    /// <param name="profile">Null: one user, once.</param>
    /// <param name="assets">Pictures, styles, scripts and fonts too.</param>
    public static Scenario? Read(string text, string file, ProblemList problems, string? target, LoadProfile? profile,
        bool assets, List<string> notes)
    {
        var entries = Entries(text, file, problems);
        if (entries is null) return null;
        var (server, skipped) = (entries.FirstOrDefault()?.Url.Authority, 0);
        var (items, others) = (new List<ScenarioItem>(), new SortedDictionary<string, int>(StringComparer.Ordinal));
        TimeSpan? free = null;
        foreach (var entry in entries)
        {
            if (entry.Url.Authority != server)
                others[entry.Url.Authority] = others.GetValueOrDefault(entry.Url.Authority) + 1;
            else if (entry.IsAsset && !assets) skipped++;
            else
            {
                var pause = entry.Began - (free ?? entry.Began);
                if (pause > TimeSpan.Zero)
                    items.Add(new ScenarioItem.Rest(ThinkSpec.Of(pause < ThinkSpec.Longest ? pause
                        : ThinkSpec.Longest)));
                items.Add(new ScenarioItem.Send(Request(entry, target)));
                if (free is null || entry.Ended > free) free = entry.Ended;
            }
        }
        if (skipped > 0) notes.Add($"left out: {skipped} pictures, styles, scripts and fonts (--static asks for them)");
        if (others.Count > 0)
            notes.Add("left out, because they are other servers': " +
                string.Join(", ", others.Select(other => $"{other.Value} to {other.Key}")));
        if (!items.OfType<ScenarioItem.Send>().Any())
            problems.Error(new Place(file, 0, 0), "the recording has no request to send",
                assets ? "record a session again" : "record a session again, or send what it has with --static");
        if (problems.HasErrors) return null;
        return new Scenario
        {
            Name = file,
            Groups =
            [
                new UserGroup("users", profile ?? new LoadProfile.Closed(1)
                {
                    Stages = [new Stage(1, 1, LoadProfile.Longest)],
                }, items.ToEquatableArray()),
            ],
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    private static RequestSpec Request(Entry entry, string? target)
    {
        var status = entry.Status switch
        {
            >= 200 and < 300 => "2xx",
            >= 300 and < 400 => "200-399",
            >= 100 and < 600 => entry.Status.ToString(CultureInfo.InvariantCulture),
            _ => "2xx",
        };
        return new RequestSpec
        {
            Name = $"{entry.Method} {entry.Url.AbsolutePath}", Method = entry.Method,
            Url = Template.Plain(target is null ? entry.Url.AbsoluteUri : target.TrimEnd('/') + entry.Url.PathAndQuery),
            Headers = entry.Headers.Where(h => !NotSent.Contains(h.Name) && !h.Name.StartsWith(':'))
                .Select(h => new Pair(Template.Plain(h.Name), Template.Plain(h.Value))).ToEquatableArray(),
            Body = entry.Body is null ? null : Template.Plain(entry.Body),
            Checks =
            [
                new Check($"status {status}", new ReplySource.Status(),
                    [new TextTest(TextTestKind.InRange, Template.Plain(status))]),
            ],
        };
    }

    /// <summary>In the order in which they began.</summary>
    private static List<Entry>? Entries(string text, string file, ProblemList problems)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            if (Of(json.RootElement, "log") is not { } log
                || Of(log, "entries") is not { ValueKind: JsonValueKind.Array } all)
                problems.Error(new Place(file, 1, 1), "this is no recording: it has no log.entries",
                    "save one in the browser's network tools, as HAR");
            else if (all.GetArrayLength() > MostEntries)
                problems.Error(new Place(file, 1, 1), $"there are more than {MostEntries} entries", "record less");
            else
            {
                var entries = all.EnumerateArray().Select(Read).OfType<Entry>().ToList();
                return [.. entries.OrderBy(entry => entry.Began)];
            }
        }
        catch (JsonException e)
        {
            problems.Error(new Place(file, (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1),
                "this is not JSON", "save the recording again");
        }
        catch (InvalidOperationException)
        {
            problems.Error(new Place(file, 1, 1), "a name in it is half of a surrogate pair",
                "save the recording again");
        }
        return null;
    }

    /// <summary>Null for what is not sent by HTTP: data in the URL, WebSockets, extensions.</summary>
    private static Entry? Read(JsonElement entry)
    {
        if (Of(entry, "request") is not { } request || !Uri.TryCreate(Text(request, "url"), UriKind.Absolute,
            out var url)
            || url.Scheme is not ("http" or "https")) return null;
        var method = Text(request, "method").ToUpperInvariant();
        if (method.Length is 0 or > 20 || !method.All(char.IsAsciiLetter)) return null;
        var (response, post) = (Of(entry, "response"), Of(request, "postData"));
        var content = response is { } answered && Of(answered, "content") is { } found ? Text(found, "mimeType") : "";
        var began = DateTimeOffset.TryParse(Text(entry, "startedDateTime"), CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out var at) ? at - DateTimeOffset.UnixEpoch : TimeSpan.Zero;
        return new Entry(method, url, began, began + TimeSpan.FromMilliseconds(Math.Clamp(Number(entry, "time"), 0,
            1e9)),
            (int)Math.Clamp(response is { } r ? Number(r, "status") : 0, 0, 999),
            Headers(request), post is { } body && Text(body, "text") is { Length: > 0 } sent ? sent : null,
            IsAsset(Text(entry, "_resourceType"), content));
    }

    private static bool IsAsset(string resource, string content) =>
        resource is "image" or "stylesheet" or "script" or "font" or "media"
        || content.StartsWith("image/", StringComparison.Ordinal) || content.StartsWith("font/",
            StringComparison.Ordinal)
        || content.StartsWith("text/css", StringComparison.Ordinal)
        || content.Contains("javascript", StringComparison.Ordinal) || content.StartsWith("video/",
            StringComparison.Ordinal)
        || content.StartsWith("audio/", StringComparison.Ordinal);

    private static List<LoadHeader> Headers(JsonElement request) =>
        Of(request, "headers") is not { ValueKind: JsonValueKind.Array } all ? []
            : [.. all.EnumerateArray().Select(h => new LoadHeader(Text(h, "name"), Text(h, "value")))
                .Where(h => h.Name.Length > 0)];

    private static JsonElement? Of(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var found) ? found : null;

    private static string Text(JsonElement from, string name)
    {
        if (Of(from, name) is not { ValueKind: JsonValueKind.String } found) return "";
        // Half of a surrogate pair is no text.
        try { return found.GetString()!; }
        catch (InvalidOperationException) { return ""; }
    }

    private static double Number(JsonElement from, string name) =>
        Of(from, name) is { ValueKind: JsonValueKind.Number } found && found.TryGetDouble(out var number)
            && double.IsFinite(number) ? number : 0;

    private sealed record Entry(string Method, Uri Url, TimeSpan Began, TimeSpan Ended, int Status,
        List<LoadHeader> Headers, string? Body, bool IsAsset);
}
