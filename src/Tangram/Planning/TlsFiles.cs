using System.Text;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Tls;

namespace Tangram.Planning;

/// <summary>Looks at the certificates that the gateways shall show, as far as they are here: on many machines each
/// gateway has its own. Secrets are always here.</summary>
internal static class TlsFiles
{
    /// <param name="contents">What its secrets hold; one that could not be read has its problem already.</param>
    public static void Check(
        ComposeDraft draft, EquatableArray<CarriedContent> contents, DateTimeOffset now, ProblemList problems)
    {
        var names = new List<string>();
        var all = true;
        foreach (var asked in draft.TlsFiles)
            if (Read(asked, contents, now, problems) is not { } found) all &= asked.ForBackends;
            else if (!asked.ForBackends) names.AddRange(found);
        var first = draft.TlsFiles.FirstOrDefault(asked => !asked.ForBackends);
        if (all && first is not null && draft is { Spec: { Tls.SelfSigned: false } spec })
            Compare(spec, names, first.Place, problems);
    }

    /// <summary>The names that it is for; null when it was not read.</summary>
    private static IEnumerable<string>? Read(TlsFileAsked asked, EquatableArray<CarriedContent> contents,
        DateTimeOffset now, ProblemList problems)
    {
        var named = new[] { asked.Cert, asked.Key }.OfType<string>().ToList();
        if (named.Any(one => SecretReference.NameIn(one) is { } name && Secret(name, contents) is null)) return null;
        if (named.Find(one => SecretReference.NameIn(one) is null && !IsReadable(one)) is { } hidden)
        {
            problems.Warn(asked.Place, $"{hidden} cannot be read here", asked.ForBackends
                ? "every gateway and agent needs it at this path" : "every gateway needs it at this path");
            return null;
        }
        try
        {
            var (found, life) = Content(asked, contents);
            var isSecret = named.Any(one => SecretReference.NameIn(one) is not null);
            if (life.Refusal(now) is { } refusal)
                problems.Error(asked.Place, $"{asked.Cert} is not valid: {refusal}",
                    isSecret ? "deploy with a renewed one, or set the clock"
                        : "put a renewed certificate there, or set the clock");
            else if (life.Warning(now) is { } warning)
                problems.Warn(asked.Place, $"{asked.Cert} must be renewed: {warning}",
                    isSecret ? "deploy with a new one" : "put a new one in its place; no restart is needed");
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

    private static (EquatableArray<string> Names, CertificateLife Life) Content(
        TlsFileAsked asked, EquatableArray<CarriedContent> contents)
    {
        string Text(string named) => SecretReference.NameIn(named) is { } name
            ? Secret(name, contents)! : File.ReadAllText(named);
        if (asked.Key is null)
            return ([], ClientAuthorities.FirstToEnd(ClientAuthorities.Of(asked.Cert, Text(asked.Cert))));
        if (asked.ForBackends)
            return ([], Authority.LifeOf(BackendConnector.ReadOwn(new CertificateSpec(asked.Cert, asked.Key))
                .TargetCertificate));
        var read = ServedCertificate.Of(
            new CertificateSpec(asked.Cert, asked.Key), Text(asked.Cert), Text(asked.Key));
        return (read.Names, read.Life);
    }

    private static string? Secret(string name, EquatableArray<CarriedContent> contents)
    {
        foreach (var one in contents)
            if (one.Kind == GrantKind.Secret && one.Name == name)
                return Encoding.UTF8.GetString(one.Content.Bytes.Span);
        return null;
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
