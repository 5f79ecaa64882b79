using System.Diagnostics;
using System.Net;
using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Routing;
using Tangram.Routing.Rules;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Routing.Rules;

/// <summary>Whatever stands in routes, the reader answers with a spec or with problems, and the gateway can follow what
/// the reader takes.</summary>
public sealed class RouteFuzzTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private static readonly string[] Tokens =
    [
        "\n", "\n  ", "\t", " ", ":", ": ", "- ", "[", "]", "{", "}", ",", "'", "\"", "#", "&a ", "*a", "<<: *a", "|\n",
        ">-\n", "!!str ", "!x ", "? ", "---\n", "...\n", "%YAML 1.2\n", "null", "~", "0", "-1", "99999999999999999999",
        "1e9", "$", "$$", "${A}", "\\", "\"\\u0000\"", "\"\\UFFFFFFFF\"", "\0", "\uFEFF", "é", "\u2028", "services:",
        "x-tangram:", "deploy:",
        "!reset ", "!override ", "${A:-", "${A:?x}", "extends: web\n", "include: [a]\n",
        "regex: (",
        "{9999}", "/33", "5%", "present: ", "*.", "web", "8080:8080", "1m30s", "true", "@", "`", "http://", "/",
    ];

    private const string Seed =
        """
        services:
          web: &web
            command: serve
            x-tangram:
              probe: tcp
              route:
              - { host: "*.a.b", path_exact: /c, path_regex: "^/[a-z]{2,9}$", scheme: http, method: [GET, put],
                  header: { A: b, C: { present: false } }, cookie: { sid: { prefix: x } },
                  query: { q: { regex: "[0-9]+" } }, client: [10.0.0.0/8, "fd00::/8"], device: [bot, mobile],
                  type: page, priority: 3, rewrite: /d, timeout: 3s }
              - split: { to: { next: 5% }, newest: 1%, by: { cookie: user } }
                request_headers: { set: { A: "1" }, add: { B: "2" }, remove: [C] }
                response_headers: { remove: Server }
                rate_limit: { requests: 10, per: 1m, burst: 3, by: { header: X-Key } }
                mirror: { to: next, share: 10%, body: 64k }
          next: { command: serve, x-tangram: { probe: tcp } }
        x-tangram:
          gateway:
            trusted_proxies: [10.0.0.0/8]
            routes: [ { host: old.b, redirect: { status: 308, scheme: https, host: "new.b:443", path: /x } },
                      { path: /y, to: next } ]
        """;

    [Fact]
    public void Mutated_files_never_break_the_reader()
    {
        for (ulong seed = 1; seed <= 5000; seed++)
        {
            var bytes = Mutated(new Rng(seed));
            var begun = Stopwatch.GetTimestamp();
            try
            {
                var (spec, problems) = Yaml.Read(bytes);
                Assert.Equal(spec is null, problems.Any(problem => problem.Severity == Severity.Error));
                Assert.All(problems, Sound);
                if (spec is not null) Ask(spec);
            }
            catch (Exception e)
            {
                output.WriteLine($"seed {seed}:\n{Encoding.UTF8.GetString(bytes)}");
                throw new InvalidOperationException($"seed {seed}", e);
            }
            Assert.True(Stopwatch.GetElapsedTime(begun) < Longest, $"seed {seed} took too long");
        }
    }

    /// <summary>What the reader takes, the gateway can follow.</summary>
    private static void Ask(ClusterSpec spec)
    {
        var index = new RouteIndex(spec.GatewayRoutes.Select(route => (route, (ServiceName?)null))
            .Concat(from service in spec.Services from route in service.Routes
                    select (route, (ServiceName?)service.Name)));
        new Networks(spec.TrustedProxies).Contains(IPAddress.Parse("192.0.2.1"));
        foreach (var path in new[] { "/", "/c", "/ab/cd", "/y" })
            index.Match(new PlainRequest("x.a.b:80", path)
            {
                QueryText = "q=12", Client = IPAddress.Parse("10.1.2.3"),
                Headers = [("A", "b"), ("Cookie", "sid=x"), ("Accept", "text/html")],
            });
    }

    private static void Sound(Problem problem)
    {
        Assert.True(problem.What.Length > 0 && problem.Remedy.Length > 0, problem.ToString());
        Assert.True(problem.Place.Line >= 0 && problem.What.Length < 1000, problem.ToString());
        Assert.DoesNotContain('\n', problem.What + problem.Remedy);
        Assert.False(problem.What.EndsWith('.') || problem.Remedy.EndsWith('.'), problem.ToString());
    }

    private static byte[] Mutated(Rng rng)
    {
        var bytes = Encoding.UTF8.GetBytes(Seed).ToList();
        for (var changes = 1 + rng.Next(6); changes > 0; changes--)
        {
            var at = rng.Next(bytes.Count + 1);
            var length = Math.Min(rng.Next(12), bytes.Count - at);
            switch (rng.Next(6))
            {
                case 0 when at < bytes.Count: bytes[at] = (byte)rng.Next(256); break;
                case 1: bytes.RemoveRange(at, length); break;
                case 2: bytes.InsertRange(rng.Next(bytes.Count + 1), bytes.GetRange(at, length)); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                default: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Tokens[rng.Next(Tokens.Length)])); break;
            }
        }
        return [.. bytes];
    }
}
