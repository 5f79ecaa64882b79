using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Routing.Strict;

namespace Tangram.Tests.Routing.Fuzzing;

/// <summary>The form of requests, against expressions that say the same in one line each.</summary>
internal static partial class FormFuzz
{
    public static string? Form(Rng rng)
    {
        var method = rng.Next(3) == 0 ? GatewayFuzzer.Some(rng, 3, "GET", "get", "P", "OST", "X") : "GET";
        var target = rng.Next(2) == 0 ? GatewayFuzzer.Some(rng, 6, "/", "a", "http://", "@", "?", "#", "%20", "*")
            : "/";
        var host = rng.Next(2) == 0 ? GatewayFuzzer.Some(rng, 5, "a", ":", "80", "[::1]", ".", "65536", "0") : "a";
        var coding = rng.Next(2) == 0 ? GatewayFuzzer.Some(rng, 4, "chunked", "gzip", ",", " ", "Chunked", ";") : null;
        var verdict = RequestStrictness.Judge(new RequestForm
        {
            Method = method, Target = target, Host = host, IsHttp1 = true, Codings = coding is null ? 0 : 1,
                Coding = coding,
        });
        var sound = (coding is null || coding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
            && (Known().IsMatch(method) || (method.Length <= 32 && !AnyCase().IsMatch(method)))
            && method != "CONNECT" && IsTarget(target) && Host().IsMatch(host) && PortFits(host);
        return (verdict == FormVerdict.Sound) == sound
            ? null : $"'{method}' '{target}' '{host}' '{coding}' is {verdict}";
    }

    private static bool IsTarget(string target) => target != "*" && Visible().IsMatch(target)
        && (target.Length == 0 || target[0] == '/'
            || (target.Split("://", 2) is [_, var rest] && !rest.Split('/', '?')[0].Contains('@')));

    private static bool PortFits(string host) =>
        Port().Match(host) is not { Success: true } match
            || match.Groups[1].Value.TrimStart('0') is { Length: < 6 } port
            && (port.Length == 0 || int.Parse(port) <= 65535);

    [GeneratedRegex(@"\A(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)\z")]
    private static partial Regex Known();

    [GeneratedRegex(@"\A(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)\z", RegexOptions.IgnoreCase)]
    private static partial Regex AnyCase();

    [GeneratedRegex(@"\A[!-~-[#]]*\z")]
    private static partial Regex Visible();

    // A name is looked at only for what its port depends on: Kestrel has looked at the characters.
    [GeneratedRegex(@"\A([^:]+|[^:]+:[0-9]*|\[[\s\S]*:[0-9]*|[\s\S]*\])\z")]
    private static partial Regex Host();

    [GeneratedRegex(@":([0-9]*)\z")]
    private static partial Regex Port();
}
