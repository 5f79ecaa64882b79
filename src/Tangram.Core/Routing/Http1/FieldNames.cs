using System.Buffers;
using System.Text;

namespace Tangram.Routing.Http1;

/// <summary>Names of header fields without making a new string for each one that is well known.</summary>
internal static class FieldNames
{
    public const string Connection = "Connection";
    public const string ContentLength = "Content-Length";
    public const string KeepAlive = "Keep-Alive";
    public const string TransferEncoding = "Transfer-Encoding";

    private const int Slots = 256;

    /// <summary>RFC 9110, 5.6.2.</summary>
    private static readonly SearchValues<byte> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly string?[] Known = Table(
        Connection, ContentLength, KeepAlive, TransferEncoding, "Accept-Ranges", "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers", "Age", "Allow", "Alt-Svc", "Cache-Control", "Content-Disposition",
        "Content-Encoding", "Content-Language", "Content-Location", "Content-Range", "Content-Security-Policy",
        "Content-Type", "Date", "ETag", "Expires", "Last-Modified", "Link", "Location", "Pragma", "Referrer-Policy",
        "Retry-After", "Server", "Server-Timing", "Set-Cookie", "Strict-Transport-Security", "Trailer", "Upgrade",
        "Vary", "Via", "WWW-Authenticate", "X-Content-Type-Options", "X-Frame-Options", "X-Powered-By",
        "X-Request-Id");

    public static bool IsToken(ReadOnlySpan<byte> name) => !name.IsEmpty && !name.ContainsAnyExcept(Token);

    /// <param name="name">A token.</param>
    public static string Of(ReadOnlySpan<byte> name)
    {
        for (var slot = Slot(name[0], name[^1], name.Length); Known[slot] is { } known; slot = (slot + 1) % Slots)
            if (Ascii.EqualsIgnoreCase(name, known)) return known;
        return Encoding.ASCII.GetString(name);
    }

    private static int Slot(int first, int last, int length) =>
        ((first | 0x20) * 7 + (last | 0x20) * 31 + length * 59) % Slots;

    private static string?[] Table(params ReadOnlySpan<string> names)
    {
        var table = new string?[Slots];
        foreach (var name in names)
        {
            var slot = Slot(name[0], name[^1], name.Length);
            while (table[slot] is not null) slot = (slot + 1) % Slots;
            table[slot] = name;
        }
        return table;
    }
}
