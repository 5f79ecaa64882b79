using System.Collections.Frozen;

namespace Tangram.Routing.Strict;

/// <summary>Finds what two readers of a request could read in two ways, so that none of it goes on: what Kestrel lets
/// through, and RFC 9110 and 9112 do not. Allocates nothing, and takes some tens of nanoseconds.</summary>
public static class RequestStrictness
{
    /// <summary>The longest that is registered has 17 letters (UPDATEREDIRECTREF).</summary>
    public const int LongestMethod = 32;

    /// <summary>Those to which HTTP clients give their case, whatever it was.</summary>
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> KnownSpans =
        Known.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> InAnyCase =
        Known.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    public static FormVerdict Judge(in RequestForm form)
    {
        if (form.IsHttp1 && form.Codings > 0 && Framing(in form) is var framing and not FormVerdict.Sound)
            return framing;
        if (!form.IsHttp1 && form.NamesConnection) return FormVerdict.Connection;
        if (!IsMethod(form.Method)) return FormVerdict.Method;
        if (form.Method is "CONNECT" && form.Protocol is not "websocket") return FormVerdict.Tunnel;
        if (form.Target is "*") return form.Method is "OPTIONS" ? FormVerdict.Ping : FormVerdict.Target;
        if (!IsTarget(form.Target)) return FormVerdict.Target;
        // Only HTTP/1.0 needs none (RFC 9112, 3.2; RFC 9113, 8.3.1).
        return (form.Host.IsEmpty ? form.IsHttp10 : IsHost(form.Host)) ? FormVerdict.Sound : FormVerdict.Host;
    }

    /// <summary>Exactly one Transfer-Encoding, which is chunked (RFC 9112, 6.1): with anything before or beside it
    /// somebody may find another end.</summary>
    private static FormVerdict Framing(in RequestForm form)
    {
        if (form.IsHttp10 || form.HasLength || form.Codings > 1) return FormVerdict.Framing;
        if (form.Coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)) return FormVerdict.Sound;
        var last = form.Coding.LastIndexOf(',');
        return last > 0 && form.Coding[(last + 1)..].Trim(" \t").Equals("chunked", StringComparison.OrdinalIgnoreCase)
            && form.Coding[..last].IndexOf("chunked", StringComparison.OrdinalIgnoreCase) < 0
            ? FormVerdict.Coding
            : FormVerdict.Framing;
    }

    private static bool IsMethod(ReadOnlySpan<char> method) =>
        KnownSpans.Contains(method) || (method.Length <= LongestMethod && !InAnyCase.Contains(method));

    /// <summary>Visible ASCII, and no fragment; a whole URI names no user (RFC 9110, 4.2.4).</summary>
    private static bool IsTarget(ReadOnlySpan<char> target)
    {
        if (target.ContainsAnyExceptInRange('!', '~') || target.Contains('#')) return false;
        if (target.IsEmpty || target[0] == '/') return true;
        var scheme = target.IndexOf("://");
        if (scheme < 0) return false;
        var authority = target[(scheme + 3)..];
        var end = authority.IndexOfAny('/', '?');
        return !(end < 0 ? authority : authority[..end]).Contains('@');
    }

    /// <summary>NAME, NAME:PORT or [IPV6]:PORT, of characters that were checked before.</summary>
    private static bool IsHost(ReadOnlySpan<char> host)
    {
        var colon = host[^1] == ']' ? -1 : host.LastIndexOf(':');
        if (colon < 0) return true;
        if (colon == 0 || (host[0] != '[' && host[..colon].Contains(':'))) return false;
        var port = 0;
        foreach (var digit in host[(colon + 1)..])
        {
            if (!char.IsAsciiDigit(digit)) return false;
            port = port * 10 + digit - '0';
            if (port > 65535) return false;
        }
        return true;
    }
}
