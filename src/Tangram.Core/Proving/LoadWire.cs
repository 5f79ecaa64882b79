using System.Globalization;
using System.Text;
using Tangram.Proving.Replaying;

namespace Tangram.Proving;

/// <summary>One class of requests as the bytes of HTTP/1.1 (RFC 9112), made once. What changes from one request to the
/// next is at most one thing, in one place: an id, or the path when a log is replayed.</summary>
public sealed class LoadWire
{
    /// <summary>Digits of an index.</summary>
    public const int MostDigits = 20;

    private readonly ReplayLog? _log;

    private LoadWire(byte[] before, byte[] after, bool isNumbered, bool isHead, ReplayLog? log = null)
    {
        (Before, After, IsNumbered, IsHead, _log) = (before, after, isNumbered, isHead, log);
        MostBytes = before.Length + (log?.LongestTarget ?? MostDigits) + after.Length;
    }

    public byte[] Before { get; }

    /// <summary>Empty when nothing changes.</summary>
    public byte[] After { get; }

    /// <summary>The request's index, or its path, stands between the two.</summary>
    public bool IsNumbered { get; }

    public bool IsHead { get; }

    public int MostBytes { get; }

    public static LoadWire Of(LoadOptions options, LoadClass @class, string run)
    {
        var body = @class.Body is { } text ? Encoding.UTF8.GetBytes(text) : null;
        var head = new StringBuilder();
        bool Says(string name) => options.Headers.Any(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        var log = options.Replay?.Log;
        if (log is null)
            head.Append(@class.Method).Append(' ').Append(@class.Url.PathAndQuery).Append(" HTTP/1.1\r\n");
        if (!Says("Host")) Field("Host", Host(@class.Url));
        foreach (var header in options.Headers) Field(header.Name, header.Value);
        if (body is not null || @class.Method is not ("GET" or "HEAD"))
            Field("Content-Length", (body?.Length ?? 0).ToString(CultureInfo.InvariantCulture));
        if (body is not null && !Says("Content-Type")) Field("Content-Type", "application/json");
        if (log is not null)
            return new(Encoding.UTF8.GetBytes($"{@class.Method} {Below(@class.Url)}"),
                Encoding.UTF8.GetBytes(head.Insert(0, " HTTP/1.1\r\n").Append("\r\n").ToString()), true,
                @class.Method == "HEAD", log);
        if (options.UniqueIdHeader is { } id)
            return new(Encoding.UTF8.GetBytes(head.Append(id).Append(": ").Append(run).Append('-').ToString()),
                [.. "\r\n\r\n"u8, .. body ?? []], true, @class.Method == "HEAD");
        return new([.. Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), .. body ?? []], [], false,
            @class.Method == "HEAD");

        void Field(string name, string value) => head.Append(name).Append(": ").Append(value).Append("\r\n");
    }

    /// <summary>The whole request.</summary>
    /// <param name="into">Room for <see cref="MostBytes"/>.</param>
    /// <returns>Its length.</returns>
    public int Write(long index, Span<byte> into)
    {
        Before.CopyTo(into);
        var at = Before.Length;
        if (_log is not null)
        {
            var target = _log.Target(index);
            target.CopyTo(into[at..]);
            at += target.Length;
        }
        else if (IsNumbered && index.TryFormat(into[at..], out var digits, default, CultureInfo.InvariantCulture))
            at += digits;
        After.CopyTo(into[at..]);
        return at + After.Length;
    }

    /// <summary>What stands before the paths of a log.</summary>
    internal static string Below(Uri target) => target.AbsolutePath.TrimEnd('/');

    private static string Host(Uri url)
    {
        var host = url.HostNameType == UriHostNameType.IPv6 ? $"[{url.DnsSafeHost}]" : url.IdnHost;
        return url.IsDefaultPort ? host : $"{host}:{url.Port}";
    }
}
