using System.Net;
using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

/// <summary>The same as the index, by looking at every route, with the platform's own parsers.</summary>
internal static class LinearMatcher
{
    public static int Match(RouteSpec[] routes, PlainRequest request) => Enumerable.Range(0, routes.Length)
        .Where(i => Takes(routes[i], request))
        .OrderBy(i => routes[i].Host is null ? 2 : routes[i].Host!.StartsWith('*') ? 1 : 0)
        .ThenByDescending(i => routes[i].Host?.Length ?? 0)
        .ThenByDescending(i => routes[i].Exact)
        .ThenByDescending(i => routes[i].Path.TrimEnd('/').Length)
        .ThenByDescending(i => routes[i].Priority)
        .ThenByDescending(i => routes[i].When?.Count ?? 0)
        .ThenBy(i => i)
        .FirstOrDefault(-1);

    private static bool Takes(RouteSpec route, PlainRequest request)
    {
        var path = request.Path.ToString();
        return HostFits(route.Host, request.Host.ToString())
            && (route.Exact ? path == route.Path : (path + "/").StartsWith(route.Path.TrimEnd('/') + "/"))
            && (route.When is null || Hold(route.When, request));
    }

    private static bool HostFits(string? asked, string host)
    {
        host = Regex.Replace(host, @":\d*$", "").TrimEnd('.').ToLowerInvariant();
        return asked is null || asked == host || (asked.StartsWith('*') && host.EndsWith(asked[1..]));
    }

    private static bool Hold(ConditionsSpec when, PlainRequest request) =>
        (when.Methods.Count == 0 || when.Methods.Contains(request.Method))
        && (when.Scheme is null || when.Scheme == request.Scheme)
        && (when.PathRegex is null || Regex.IsMatch(request.Path.ToString(), when.PathRegex))
        && (when.Clients.Count == 0 || (request.Client is { } client
            && when.Clients.Any(block => IPNetwork.Parse(block).Contains(client))))
        && (when.Types.Count == 0 || when.Types.Contains(RequestTypes.Of(request)))
        && (when.Devices.Count == 0 || when.Devices.Contains(Devices.Of(request)))
        && when.Values.All(value => Holds(value, Values(value, request)));

    private static string[] Values(ValueConditionSpec value, PlainRequest request) => value.Source switch
    {
        ValueSource.Header =>
            [.. request.Headers.Where(h => h.Name.ToLowerInvariant() == value.Name).Select(h => h.Value)],
        ValueSource.Cookie =>
        [
            .. request.Headers.Where(h => h.Name == "Cookie").SelectMany(h => h.Value.Split(';'))
                .Select(pair => pair.Split('=', 2, StringSplitOptions.TrimEntries))
                .Where(pair => pair.Length == 2 && pair[0] == value.Name)
                .Select(pair => pair[1]),
        ],
        _ =>
        [
            .. request.QueryText.Split('&').Select(pair => pair.Split('=', 2).Select(WebUtility.UrlDecode).ToArray())
                .Where(pair => pair[0] == value.Name).Select(pair => pair.ElementAtOrDefault(1) ?? ""),
        ],
    };

    private static bool Holds(ValueConditionSpec condition, string[] values) => condition.Test switch
    {
        ValueTest.Exact => values.Contains(condition.Value),
        ValueTest.Prefix => values.Any(v => v.StartsWith(condition.Value, StringComparison.Ordinal)),
        ValueTest.Regex => values.Any(v => Regex.IsMatch(v, condition.Value)),
        ValueTest.Present => values.Length > 0,
        _ => values.Length == 0,
    };
}
