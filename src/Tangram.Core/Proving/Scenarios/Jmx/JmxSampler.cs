using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>An HTTP request of a test plan, with what its scope brings.</summary>
internal static class JmxSampler
{
    public static RequestSpec Read(JmxElement sampler, JmxScope scope, JmxPlan plan, JmxOptions options)
    {
        var method = Method(sampler, plan);
        var hasBody = method is not ("GET" or "HEAD" or "OPTIONS" or "TRACE");
        var arguments = Arguments(sampler).Concat(scope.Defaults.SelectMany(Arguments)).ToList();
        var raw = sampler.Flag("HTTPSampler.postBodyRaw") || hasBody && arguments.Count > 0
            && arguments.All(argument => argument.Text("Argument.name", "").Length == 0);
        var query = !raw && method is not ("POST" or "PUT" or "PATCH");
        var pairs = raw ? [] : arguments.Select(argument => Pair(argument, plan, sampler.Place)).ToEquatableArray();
        Unfit(sampler, scope, plan);
        return new RequestSpec
        {
            Name = sampler.Name.Length > 0 ? sampler.Name : $"{method} {sampler.Text("HTTPSampler.path")}",
            Method = method,
            Url = Url(sampler, scope, plan, options),
            Headers = scope.Headers,
            Query = query ? pairs : [], Form = query ? [] : pairs,
            Body = raw ? plan.Text(string.Concat(arguments.Select(a => a.Text("Argument.value", ""))), sampler.Place)
                : null,
            Checks = JmxChecks.Read(scope.Assertions, plan).ToEquatableArray(),
            Extracts = scope.Extracts,
            Follows = sampler.Flag("HTTPSampler.follow_redirects") | sampler.Flag("HTTPSampler.auto_redirects"),
            Timeout = Timeout(sampler, scope, plan),
        };
    }

    private static readonly string[] Inherited =
    [
        "HTTPSampler.domain", "HTTPSampler.port", "HTTPSampler.protocol", "HTTPSampler.path",
        "HTTPSampler.connect_timeout", "HTTPSampler.response_timeout", "HTTPSampler.contentEncoding",
    ];

    /// <summary>Defaults are known too when no sampler uses them, because those of their scope were left out.</summary>
    public static void Know(JmxElement defaults)
    {
        defaults.Inner("HTTPsampler.Arguments");
        foreach (var name in Inherited) defaults.Text(name);
    }

    private static string Method(JmxElement sampler, JmxPlan plan)
    {
        var text = sampler.Text("HTTPSampler.method", "GET");
        var method = plan.Settled(text, "a method", sampler.Place).ToUpperInvariant();
        if (method.Length is > 0 and <= 20 && method.All(char.IsAsciiLetter)) return method;
        plan.Problems.Error(sampler.Place, $"{Planning.Quoted.Of(method)} is not an HTTP method",
            "choose one in JMeter");
        return "GET";
    }

    private static IReadOnlyList<JmxElement> Arguments(JmxElement element) =>
        element.Inner("HTTPsampler.Arguments")?.Items("Arguments.arguments") ?? [];

    private static Pair Pair(JmxElement argument, JmxPlan plan, Place place) => new(
        plan.Text(argument.Text("Argument.name", ""), place), plan.Text(argument.Text("Argument.value", ""), place),
        argument.Flag("HTTPArgument.always_encode"));

    /// <summary>The sampler's own, else the nearest default's; both are thereby asked for.</summary>
    private static string Of(JmxElement sampler, JmxScope scope, string name)
    {
        var own = sampler.Text(name, "");
        foreach (var text in scope.Defaults.Select(defaults => defaults.Text(name, "")))
            if (own.Length == 0) own = text;
        return own;
    }

    private static Template Url(JmxElement sampler, JmxScope scope, JmxPlan plan, JmxOptions options)
    {
        var (host, port, scheme, path) = (Of(sampler, scope, "HTTPSampler.domain"), Of(sampler, scope,
            "HTTPSampler.port"),
            Of(sampler, scope, "HTTPSampler.protocol"), Of(sampler, scope, "HTTPSampler.path"));
        if (path.StartsWith("http://", StringComparison.Ordinal) || path.StartsWith("https://",
            StringComparison.Ordinal))
        {
            if (options.Target is null) return plan.Text(path, sampler.Place);
            var begins = path.IndexOf('/', path.IndexOf("://", StringComparison.Ordinal) + 3);
            path = begins < 0 ? "/" : path[begins..];
        }
        if (!path.StartsWith('/')) path = "/" + path;
        if (options.Target is { } target) return plan.Text(target.TrimEnd('/').Replace("$", "\\$") + path,
            sampler.Place);
        if (host.Length == 0)
            plan.Problems.Error(sampler.Place, $"{sampler.Shown} names no server",
                "give it one, or the plan HTTP Request Defaults, or give --target");
        var at = port.Length == 0 || port == "0" ? "" : $":{port}";
        return plan.Text($"{(scheme.Length == 0 ? "http" : scheme)}://{host}{at}{path}", sampler.Place);
    }

    /// <summary>Connecting and answering have one bound here.</summary>
    private static TimeSpan? Timeout(JmxElement sampler, JmxScope scope, JmxPlan plan)
    {
        var connect = Of(sampler, scope, "HTTPSampler.connect_timeout");
        var response = Of(sampler, scope, "HTTPSampler.response_timeout");
        var text = response.Length > 0 ? response : connect;
        if (text.Length == 0 || plan.Number(text, "a time-out", sampler.Place) is not { } milliseconds
            || milliseconds <= 0) return null;
        return TimeSpan.FromMilliseconds(Math.Min(milliseconds, TimeSpan.FromHours(1).TotalMilliseconds));
    }

    /// <summary>What is known and not done.</summary>
    private static void Unfit(JmxElement sampler, JmxScope scope, JmxPlan plan)
    {
        if (sampler.Flag("HTTPSampler.image_parser"))
            plan.Unsupported(sampler.Place, $"fetching what a page embeds (image_parser) in {sampler.Shown}");
        if (sampler.Flag("HTTPSampler.DO_MULTIPART_POST"))
            plan.Unsupported(sampler.Place, $"multipart/form-data in {sampler.Shown}");
        if (sampler.Inner("HTTPsampler.Files")?.Items("HTTPFileArgs.files").Count > 0)
            plan.Unsupported(sampler.Place, $"a file that {sampler.Shown} sends");
        if (Of(sampler, scope, "HTTPSampler.contentEncoding") is { Length: > 0 } encoding
            && !encoding.Equals("UTF-8", StringComparison.OrdinalIgnoreCase))
            plan.Unsupported(sampler.Place, $"the encoding {Planning.Quoted.Of(encoding)} of {sampler.Shown}");
    }
}
