using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Files by which a gateway shall speak TLS, and where they are asked for.</summary>
/// <param name="Cert">A certificate, or the authorities of clients: a path or a <see cref="SecretReference"/>.</param>
/// <param name="Key">Of the certificate, likewise; null for authorities.</param>
public sealed record TlsFileAsked(Place Place, string Cert, string? Key)
{
    /// <summary>By which replicas are known, or the gateway is known to them.</summary>
    public bool ForBackends { get; init; }
}

/// <summary>Reads what <c>x-tangram.gateway</c> says of TLS.</summary>
internal static class TlsReader
{
    /// <summary>Each is held in memory and looked at every half second; nobody has asked for more.</summary>
    private const int MostCertificates = 1000;

    private const int OwnerReads = 0b100_000_000;

    private static readonly string[] Keys =
        ["certificates", "acme", "self_signed", "client_ca", "client_certificates", "hsts", "http3",
            "redirect_to_https"];

    public static (TlsSpec? Spec, EquatableArray<TlsFileAsked> Files) Read(
        Fields fields, IReadOnlyList<Placed<Listener>> listeners, IEnumerable<ServiceSpec> services, string folder,
        Declarations declared)
    {
        var paths = new Folders(folder);
        var secure = listeners.Where(listener => listener.Value.Secure).ToList();
        var certificates = Certificates(fields, paths, declared);
        var own = fields.Flag("self_signed",
            fields["certificates"] is null && fields["acme"] is null && secure.Count > 0 &&
            secure.All(listener => listener.Value.IsLocal));
        var clientCa = FileOrSecret(fields, "client_ca", paths, declared);
        var request = fields.Choice("client_certificates", false, [("require", false), ("request", true)]);
        if (fields["client_certificates"] is not null && fields["client_ca"] is null)
            fields.Problems.Error(fields.PlaceOf("client_certificates"),
                "'client_certificates' says who must show one, and not whose count",
                "add client_ca: FILE, with the authorities' certificates");
        var redirect = fields.Flag("redirect_to_https", false);
        var spec = new TlsSpec
        {
            Certificates = certificates.Select(c => c.Spec).ToEquatableArray(),
            Acme = AcmeReader.Read(fields, listeners, paths),
            SelfSigned = own,
            OwnNames = own ? Names(secure, services) : [],
            ClientCa = clientCa,
            ClientsMayBeUnknown = request,
            Hsts = fields.DurationOrNull("hsts", positive: true),
            Http3 = fields.Flag("http3", false),
            RedirectPort = redirect && secure.Count > 0 ? secure[0].Value.Port : null,
            Secrets = Secrets(certificates.SelectMany(c => (string?[])[c.Spec.Cert, c.Spec.Key]).Append(clientCa)),
        };
        Check(fields, secure, own, redirect);
        if (secure.Count == 0) return (null, []);
        var files = certificates.Select(c => new TlsFileAsked(c.Place, c.Spec.Cert, c.Spec.Key));
        if (clientCa is not null) files = files.Append(new(fields.PlaceOf("client_ca"), clientCa, null));
        return (spec, files.ToEquatableArray());
    }

    private static void Check(Fields fields, List<Placed<Listener>> secure, bool own, bool redirect)
    {
        if (secure.Count == 0)
        {
            // An address that is wrong was meant.
            if (fields["listen"] is Tree.List list && list.Items.Any(item => item is Tree.Scalar { Text: var text }
                    && text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))) return;
            foreach (var key in Keys.Where(key =>
                fields[key] is Tree.Scalar or Tree.Map or Tree.List { Items.Count: > 0 }))
                if (fields[key] is not Tree.Scalar { Text: "false" or "False" })
                    fields.Problems.Error(fields.PlaceOf(key),
                        $"'{key}' changes nothing: the gateway listens nowhere by https",
                        "add an address such as https://*:8443 to listen, or delete it");
            return;
        }
        if (fields["certificates"] is null && fields["acme"] is null && !own)
            fields.Problems.Error(secure[0].Place, $"{secure[0].Value} has no certificate",
                "add certificates: [{cert: FILE, key: FILE}], acme: {domains: [NAME]}, or self_signed: true for " +
                "one that only those trust who are given it");
        if (redirect && secure[0].Value.Port == 0)
            fields.Problems.Error(fields.PlaceOf("redirect_to_https"),
                $"{secure[0].Value} takes any free port, which nobody can be sent to", "name a port");
    }

    private static EquatableArray<GrantSpec> Secrets(IEnumerable<string?> named) =>
        named.Select(SecretReference.NameIn).OfType<string>().Distinct()
            .Select(name => new GrantSpec { Name = name, Target = name, Mode = OwnerReads }).ToEquatableArray();

    private static string? FileOrSecret(Fields fields, string key, Folders paths, Declarations declared)
    {
        if (fields[key] is not Tree.Scalar { Text: var text } || SecretReference.NameIn(text) is not { } name)
            return paths.PathOf(fields, key);
        var known = declared.Contents(GrantKind.Secret);
        if (name.Length == 0)
            fields.Problems.Error(fields.PlaceOf(key), $"'{key}' names no secret",
                $"write {key}: secret:NAME, with a name that stands in secrets: of the top level");
        else if (!known.ContainsKey(name))
            GrantReader.Undeclared(name, "secrets", fields.PlaceOf(key), known.Keys, fields.Problems,
                SecretReference.To);
        return known.ContainsKey(name) ? text : null;
    }

    private static List<(CertificateSpec Spec, Place Place)> Certificates(
        Fields fields, Folders paths, Declarations declared)
    {
        var found = new List<(CertificateSpec, Place)>();
        var items = fields.Items("certificates");
        if (items.Count > MostCertificates)
            fields.Problems.Error(fields.PlaceOf("certificates"), $"there are {items.Count} certificates",
                $"name at most {MostCertificates}; one may be for many names");
        if (fields["certificates"] is Tree.List { Items.Count: 0 } none)
            fields.Problems.Error(none.Place, "'certificates' is an empty list", "name one, or delete it");
        foreach (var item in items)
        {
            var pair = Fields.Open(item, TopKeys.Certificate, item.Place, fields.Problems);
            var cert = FileOrSecret(pair, "cert", paths, declared);
            var key = FileOrSecret(pair, "key", paths, declared);
            foreach (var missing in new[] { "cert", "key" })
                if (pair.IsMap && pair[missing] is null)
                    fields.Problems.Error(item.Place, $"'{missing}' is missing",
                        $"add {missing}: FILE, or secret:NAME");
            if (cert is not null && key is not null)
                found.Add((new CertificateSpec(cert, key), pair.PlaceOf("cert")));
        }
        return found;
    }

    /// <summary>The addresses that it listens on by name, and the hosts of its routes.</summary>
    private static EquatableArray<string> Names(List<Placed<Listener>> secure, IEnumerable<ServiceSpec> services) =>
        secure.Select(listener => listener.Value.Host).Where(host => host is not ("*" or "localhost"))
            .Concat(services.SelectMany(service => service.Routes).Select(route => route.Host).OfType<string>())
            .Select(host => host.Trim('[', ']')).Distinct().Order(StringComparer.Ordinal).ToEquatableArray();
}
