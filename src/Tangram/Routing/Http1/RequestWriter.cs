using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Tangram.Model;

namespace Tangram.Routing.Http1;

/// <summary>Writes a request's head for its backend. What it says is prepared already (<see cref="Outgoing"/>); its
/// framing is made anew.</summary>
internal static class RequestWriter
{
    /// <summary>Of a path (RFC 3986, 3.3), percent signs included.</summary>
    private static readonly SearchValues<char> OfPath = SearchValues.Create(
        "!$%&'()*+,-./0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");

    private static readonly SearchValues<char> OfToken = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static ReadOnlySpan<byte> End => "\r\n"u8;

    /// <param name="authority">For clients that name no host.</param>
    public static void Write(OutBuffer output, HttpRequest request, PathString path, string authority, bool hasBody)
    {
        output.Clear();
        output.Add(request.Method);
        output.Add(" "u8);
        AddPath(output, request, path);
        AddTarget(output, request.QueryString.ToUriComponent());
        output.Add(" HTTP/1.1\r\n"u8);
        Add(output, HeaderNames.Host, request.Headers.Host is [{ Length: > 0 } host] ? host : authority);
        foreach (var (name, values) in request.Headers)
        {
            // In HTTP/2, Kestrel lets a name hold a line's end, or whatever a backend may take for another name.
            if (name.AsSpan().ContainsAnyExcept(OfToken) || HeaderRules.BelongsToConnection(name) || IsHost(name))
                continue;
            // What HTTP/2 may cut is one field in HTTP/1.1 (RFC 9113, 8.2.3).
            if (values.Count > 1 && name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase))
                Add(output, name, string.Join("; ", values.ToArray()));
            else
                foreach (var value in values) Add(output, name, value ?? "");
        }
        AddFraming(output, request, hasBody);
        output.Add(End);
    }

    private static bool IsHost(string name) => name.Length == 4
        && name.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase);

    private static void AddFraming(OutBuffer output, HttpRequest request, bool hasBody)
    {
        if (hasBody && request.ContentLength is null) output.Add("Transfer-Encoding: chunked\r\n"u8);
        else if (hasBody || !RetryPolicy.IsSafe(request.Method))
        {
            output.Add("Content-Length: "u8);
            output.Add(hasBody ? request.ContentLength!.Value : 0);
            output.Add(End);
        }
    }

    private static void Add(OutBuffer output, string name, string value)
    {
        output.Add(name);
        output.Add(": "u8);
        output.Add(value);
        output.Add(End);
    }

    /// <summary>As the client wrote it, where it means what routes were chosen by: Kestrel takes one layer of percent
    /// signs off, and what is left of %252e must not go on as %2e.</summary>
    private static void AddPath(OutBuffer output, HttpRequest request, PathString path)
    {
        if (request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is ['/', ..] raw && raw.Contains('%')
            && path.Value == request.Path.Value)
        {
            var written = raw.AsSpan();
            if (written.IndexOf('?') is >= 0 and var query) written = written[..query];
            // As many segments: none was taken out.
            if (!written.ContainsAnyExcept(OfPath) && written.Count('/') == path.Value.AsSpan().Count('/'))
            {
                AddTarget(output, written.ToString());
                return;
            }
        }
        AddTarget(output, path.HasValue ? path.ToUriComponent() : "/");
    }

    /// <summary>Whatever is not to stand in a target is written as RFC 3986 has it, and so cannot end the
    /// line.</summary>
    private static void AddTarget(OutBuffer output, string target)
    {
        if (!target.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            output.Add(target);
            return;
        }
        foreach (var one in Encoding.UTF8.GetBytes(target))
            if (one is >= (byte)'!' and <= (byte)'~') output.Add([one]);
            else output.Add($"%{one:X2}");
    }
}
