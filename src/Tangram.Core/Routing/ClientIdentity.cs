using System.Globalization;
using System.Text;

namespace Tangram.Routing;

/// <summary>Who a client has proved to be by its certificate, as backends are told: the form that Envoy made known,
/// <c>Hash=…;Subject="…";URI=…;DNS=…</c>.</summary>
public static class ClientIdentity
{
    /// <summary>Only a gateway writes it: what a client sends under this name goes no further.</summary>
    public const string Header = "X-Forwarded-Client-Cert";

    /// <summary>A header that grew beyond would be refused by common servers (8 kB for all). Names beyond are left
    /// out, and the hash says it all.</summary>
    private const int Longest = 4096;

    /// <param name="hash">SHA-256 of the certificate, hexadecimal.</param>
    public static string Of(string hash, string subject, IEnumerable<string> uris, IEnumerable<string> hosts)
    {
        var text = new StringBuilder("Hash=").Append(hash.ToLowerInvariant());
        Add(text, "Subject", subject);
        foreach (var uri in uris) Add(text, "URI", uri);
        foreach (var host in hosts) Add(text, "DNS", host);
        return text.ToString();
    }

    /// <summary>Whether a name of a header means <see cref="Header"/>, also to programs that take <c>_</c> for
    /// <c>-</c>, as everything does that gets headers by variables (RFC 3875, 4.1.18).</summary>
    public static bool IsMeant(string name)
    {
        if (name.Length != Header.Length) return false;
        for (var i = 0; i < name.Length; i++)
            if (char.ToLowerInvariant(name[i] == '_' ? '-' : name[i]) != char.ToLowerInvariant(Header[i])) return false;
        return true;
    }

    /// <summary>What a certificate says is its owner's word: nothing in it ends the value, the element or the
    /// line.</summary>
    private static void Add(StringBuilder text, string key, string value)
    {
        var safe = new StringBuilder();
        foreach (var one in Encoding.UTF8.GetBytes(value))
            if (one is (byte)'"' or (byte)'\\') safe.Append('\\').Append((char)one);
            else if (one is >= (byte)' ' and <= (byte)'~' and not (byte)'%') safe.Append((char)one);
            else safe.Append('%').Append(one.ToString("X2", CultureInfo.InvariantCulture));
        if (text.Length + key.Length + safe.Length + 4 > Longest) return;
        text.Append(';').Append(key).Append("=\"").Append(safe).Append('"');
    }
}
