using System.Net;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

/// <summary>Random routes and requests: the index agrees with comparing every route.</summary>
public sealed class RouteMatchingTests(ITestOutputHelper output)
{
    private static readonly string?[] Hosts = [null, "h.a", "x.h.a", "*.a", "*.h.a", "a"];
    private static readonly string[] Asked = ["h.a", "H.A:80", "x.h.a.", "y.h.a", "z.y.h.a:1", "a", "b", "", "k.a"];
    private static readonly string[] Words = ["1", "12", "21", "", "a b"];

    [Fact]
    public void Agrees_with_comparing_every_route()
    {
        var matched = 0;
        for (ulong seed = 1; seed <= 400; seed++)
        {
            var rng = new Rng(seed);
            var routes = Enumerable.Range(0, 12).Select(_ => Route(rng)).DistinctBy(r => r.Match).ToArray();
            var index = new RouteIndex(routes.Select((r, i) => (r, (ServiceName?)ServiceName.Of($"s{i}"))));
            for (var ask = 0; ask < 50; ask++)
            {
                var request = Request(rng);
                var expected = LinearMatcher.Match(routes, request);
                var found = index.Match(request);
                var got = found is null ? -1 : int.Parse(found.Service!.Value.Value[1..]);
                if (expected != got)
                    output.WriteLine($"new Rng({seed}), request {ask}: {request.Method} {request.Host}{request.Path}" +
                        $"?{request.QueryText}: expected {expected}, got {got}");
                Assert.Equal(expected, got);
                if (got >= 0 && routes[got].When is not null) matched++;
            }
        }
        // Else the conditions would have been compared with nothing.
        Assert.True(matched > 1000, $"only {matched} requests met a route with conditions");
    }

    private static RouteSpec Route(Rng rng) => new(Hosts[rng.Next(Hosts.Length)], Path(rng, 3))
    {
        Exact = rng.Chance(0.2), Priority = rng.Chance(0.2) ? 1 : 0, When = rng.Chance(0.4) ? null : Conditions(rng),
    };

    private static ConditionsSpec? Conditions(Rng rng)
    {
        var conditions = new ConditionsSpec
        {
            Methods = rng.Chance(0.2) ? ["GET", "PUT"] : rng.Chance(0.2) ? ["POST"] : [],
            Scheme = rng.Chance(0.1) ? "https" : null,
            PathRegex = rng.Chance(0.1) ? "^/a.*b" : null,
            Clients = rng.Chance(0.2) ? ["10.0.0.0/9", "2001:db8::/33"] : rng.Chance(0.1) ? ["::/0"] : [],
            Types = rng.Chance(0.1) ? [RequestType.Page, RequestType.Asset] : [],
            Devices = rng.Chance(0.1) ? [DeviceClass.Bot, DeviceClass.Mobile] : [],
            Values = Enumerable.Range(0, rng.Next(3)).Select(_ => Value(rng)).ToEquatableArray(),
        };
        return conditions.Count == 0 ? null : conditions;
    }

    private static ValueConditionSpec Value(Rng rng)
    {
        var test = (ValueTest)rng.Next(5);
        return new ValueConditionSpec((ValueSource)rng.Next(3), rng.Chance(0.7) ? "n" : "m", test, test switch
        {
            ValueTest.Regex => rng.Chance(0.5) ? "^1" : "[0-9]{2}",
            ValueTest.Exact or ValueTest.Prefix => Words[rng.Next(Words.Length)],
            _ => "",
        });
    }

    private static PlainRequest Request(Rng rng) => new(Asked[rng.Next(Asked.Length)], Path(rng, 5))
    {
        Method = new[] { "GET", "PUT", "POST", "HEAD" }[rng.Next(4)],
        Scheme = rng.Chance(0.3) ? "https" : "http",
        QueryText = string.Join('&', Enumerable.Range(0, rng.Next(3)).Select(_ => rng.Next(4) switch
        {
            0 => "n=" + Words[rng.Next(4)], 1 => "%6e=1%32", 2 => "m=a+b", _ => "n",
        })),
        IsWebSocket = rng.Chance(0.05),
        Client = rng.Next(4) switch
        {
            0 => null, 1 => IPAddress.Parse("10.100.0.1"), 2 => IPAddress.Parse("10.200.0.1"),
            _ => IPAddress.Parse("2001:db8:7000::1"),
        },
        Headers = [.. Headers(rng)],
    };

    private static IEnumerable<(string, string)> Headers(Rng rng)
    {
        for (var i = rng.Next(3); i > 0; i--) yield return (rng.Chance(0.7) ? "N" : "m", Words[rng.Next(Words.Length)]);
        for (var i = rng.Next(3); i > 0; i--) yield return ("Cookie", $"n={Words[rng.Next(4)]}; m = 12;x; n=21");
        if (rng.Chance(0.3)) yield return ("Accept", "text/html");
        if (rng.Chance(0.5)) yield return ("User-Agent", rng.Chance(0.5) ? "iPhone Mobile" : "Mozilla/5.0");
    }

    private static string Path(Rng rng, int most) => rng.Chance(0.1)
        ? "/"
        : string.Concat(Enumerable.Range(0, 1 + rng.Next(most)).Select(_ => "/" + "ab"[rng.Next(2)]))
            + (rng.Chance(0.1) ? "/" : "");
}
