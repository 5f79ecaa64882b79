using System.Globalization;
using System.Text.Json;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>An answer, as checks see it.</summary>
/// <param name="Body">Null when nobody asked for it; cut at <see cref="LongestBody"/>.</param>
public sealed class Reply(int status, string reason, IReadOnlyList<LoadHeader> headers, string? body)
{
    /// <summary>In characters. Memory: so many users may be looking at answers at the same time.</summary>
    public const int LongestBody = 1 << 20;

    private JsonElement? _json;
    private bool _parsed;

    public int Status => status;
    public string Reason => reason;
    public IReadOnlyList<LoadHeader> Headers => headers;
    public string Body => body ?? "";

    /// <summary>From sending to the end of the answer, redirects included.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>Null when it is none.</summary>
    public JsonElement? Json
    {
        get
        {
            if (_parsed) return _json;
            _parsed = true;
            try
            {
                using var document = JsonDocument.Parse(Body);
                _json = document.RootElement.Clone();
            }
            catch (JsonException) { }
            return _json;
        }
    }
}

/// <summary>Where in an answer something stands.</summary>
public abstract record ReplySource
{
    private ReplySource() { }

    public virtual bool NeedsBody => false;

    /// <summary>Null or nothing, and what is lacking, in words.</summary>
    public abstract IReadOnlyList<string>? Values(Reply reply, out string lacking);

    public sealed record Status : ReplySource
    {
        public override IReadOnlyList<string> Values(Reply reply, out string lacking)
        {
            lacking = "";
            return [reply.Status.ToString(CultureInfo.InvariantCulture)];
        }
    }

    /// <summary>How long the answer took, in milliseconds.</summary>
    public sealed record Took : ReplySource
    {
        public override IReadOnlyList<string> Values(Reply reply, out string lacking)
        {
            lacking = "";
            return [reply.Took.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)];
        }
    }

    /// <summary>The words behind the status.</summary>
    public sealed record Reason : ReplySource
    {
        public override IReadOnlyList<string> Values(Reply reply, out string lacking)
        {
            lacking = "";
            return [reply.Reason];
        }
    }

    /// <summary>All header lines as one text.</summary>
    public sealed record Head : ReplySource
    {
        public override IReadOnlyList<string> Values(Reply reply, out string lacking)
        {
            lacking = "";
            return [string.Concat(reply.Headers.Select(header => $"{header.Name}: {header.Value}\n"))];
        }
    }

    public sealed record Header(string Name) : ReplySource
    {
        public override IReadOnlyList<string>? Values(Reply reply, out string lacking)
        {
            lacking = $"there is no header {Name}";
            var found = reply.Headers.Where(h => h.Name.Equals(Name, StringComparison.OrdinalIgnoreCase))
                .Select(h => h.Value).ToList();
            return found.Count > 0 ? found : null;
        }
    }

    public sealed record Body : ReplySource
    {
        public override bool NeedsBody => true;

        public override IReadOnlyList<string> Values(Reply reply, out string lacking)
        {
            lacking = "";
            return [reply.Body];
        }
    }

    public sealed record Json(JsonPath Path) : ReplySource
    {
        public override bool NeedsBody => true;

        public override IReadOnlyList<string>? Values(Reply reply, out string lacking)
        {
            lacking = reply.Json is null ? "the body is not JSON" : $"there is nothing at {Path.Text}";
            if (reply.Json is not { } json) return null;
            var found = Path.Find(json);
            return found.Count > 0 ? found : null;
        }
    }
}
