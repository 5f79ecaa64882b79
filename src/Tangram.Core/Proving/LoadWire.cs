using System.Globalization;
using System.Text;

namespace Tangram.Proving;

/// <summary>One class of requests as the bytes of HTTP/1.1 (RFC 9112), made once. What changes from one request to the
/// next is at most an id, in one place.</summary>
public sealed class LoadWire
{
    /// <summary>Digits of an index.</summary>
    public const int MostDigits = 20;

    private LoadWire(byte[] before, byte[] after, bool isNumbered, bool isHead) =>
        (Before, After, IsNumbered, IsHead) = (before, after, isNumbered, isHead);

    public byte[] Before { get; }

    /// <summary>Empty when nothing changes.</summary>
    public byte[] After { get; }

    /// <summary>The request's index stands between the two.</summary>
    public bool IsNumbered { get; }

    public bool IsHead { get; }

    public int MostBytes => Before.Length + MostDigits + After.Length;

    public static LoadWire Of(LoadOptions options, LoadClass @class, string run)
    {
        var body = @class.Body is { } text ? Encoding.UTF8.GetBytes(text) : null;
        var head = new StringBuilder();
        bool Says(string name) => options.Headers.Any(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        head.Append(@class.Method).Append(' ').Append(@class.Url.PathAndQuery).Append(" HTTP/1.1\r\n");
        if (!Says("Host")) Field("Host", Host(@class.Url));
        foreach (var header in options.Headers) Field(header.Name, header.Value);
        if (body is not null || @class.Method is not ("GET" or "HEAD"))
            Field("Content-Length", (body?.Length ?? 0).ToString(CultureInfo.InvariantCulture));
        if (body is not null && !Says("Content-Type")) Field("Content-Type", "application/json");
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
        if (IsNumbered && index.TryFormat(into[at..], out var digits, default, CultureInfo.InvariantCulture))
            at += digits;
        After.CopyTo(into[at..]);
        return at + After.Length;
    }

    private static string Host(Uri url)
    {
        var host = url.HostNameType == UriHostNameType.IPv6 ? $"[{url.DnsSafeHost}]" : url.IdnHost;
        return url.IsDefaultPort ? host : $"{host}:{url.Port}";
    }
}
