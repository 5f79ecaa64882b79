using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Tls;

namespace Tangram.Planning;

/// <summary>Looks at the certificates that the gateways shall show, as far as they are here: on many machines each
/// gateway has its own.</summary>
internal static class TlsFiles
{
    public static void Check(ComposeDraft draft, DateTimeOffset now, ProblemList problems)
    {
        var names = new List<string>();
        var all = true;
        foreach (var asked in draft.TlsFiles)
            if (Read(asked, now, problems) is not { } found) all &= asked.ForBackends;
            else if (!asked.ForBackends) names.AddRange(found);
        var first = draft.TlsFiles.FirstOrDefault(asked => !asked.ForBackends);
        if (all && first is not null && draft is { Spec: { Tls.SelfSigned: false } spec })
            Compare(spec, names, first.Place, problems);
    }

    /// <summary>The names that it is for; null when it was not read.</summary>
    private static IEnumerable<string>? Read(TlsFileAsked asked, DateTimeOffset now, ProblemList problems)
    {
        if (new[] { asked.Cert, asked.Key }.FirstOrDefault(path => path is not null && !IsReadable(path)) is { } hidden)
        {
            problems.Warn(asked.Place, $"{hidden} cannot be read here", asked.ForBackends
                ? "every gateway and agent needs it at this path" : "every gateway needs it at this path");
            return null;
        }
        try
        {
            var (found, life) = Content(asked);
            if (life.Refusal(now) is { } refusal)
                problems.Error(asked.Place, $"{asked.Cert} is not valid: {refusal}",
                    "put a renewed certificate there, or set the clock");
            else if (life.Warning(now) is { } warning)
                problems.Warn(asked.Place, $"{asked.Cert} must be renewed: {warning}",
                    "put a new one in its place; no restart is needed");
            return found;
        }
        catch (TrustException e)
        {
            var cut = e.Message.IndexOf(". ", StringComparison.Ordinal);
            problems.Error(asked.Place, cut < 0 ? e.Message : e.Message[..cut],
                cut < 0 ? "name another file" : char.ToLowerInvariant(e.Message[cut + 2]) + e.Message[(cut + 3)..]);
            return null;
        }
    }

    private static (EquatableArray<string> Names, CertificateLife Life) Content(TlsFileAsked asked)
    {
        if (asked.Key is null) return ([], ClientAuthorities.FirstToEnd(ClientAuthorities.Read(asked.Cert)));
        if (asked.ForBackends)
            return ([], Authority.LifeOf(BackendConnector.ReadOwn(new CertificateSpec(asked.Cert, asked.Key))
                .TargetCertificate));
        var read = ServedCertificate.Read(new CertificateSpec(asked.Cert, asked.Key));
        return (read.Names, read.Life);
    }

    private static void Compare(ClusterSpec spec, List<string> names, Place place, ProblemList problems)
    {
        names.AddRange(spec.Tls?.Acme?.Domains ?? []);
        // With a name that no certificate is for, the last is chosen that stands for none.
        var index = new ServerNameIndex([[], names]);
        var hosts = spec.Services.SelectMany(service => service.Routes).Select(route => route.Host).OfType<string>();
        foreach (var host in hosts.Distinct().Where(host => index.Choose(host.Trim('[', ']')) == 0))
            problems.Warn(place, $"no certificate is for the host {host}, to which a route leads",
                "have one issued that names it, or clients that come by https refuse what they are shown");
    }

    private static bool IsReadable(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
