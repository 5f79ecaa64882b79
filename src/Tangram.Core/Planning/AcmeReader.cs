using System.Net;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>x-tangram.gateway.acme</c>.</summary>
internal static class AcmeReader
{
    private const string LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

    /// <summary>One order after the other, of some seconds each.</summary>
    private const int MostDomains = 200;

    /// <summary>Null when nothing is asked for.</summary>
    public static AcmeSpec? Read(Fields gateway, IReadOnlyList<Placed<Listener>> listeners, Folders paths)
    {
        if (gateway["acme"] is null) return null;
        var fields = gateway.Open("acme", TopKeys.Acme);
        var proof = fields.Choice("challenge", AcmeProof.Http01,
            [("http-01", AcmeProof.Http01), ("tls-alpn-01", AcmeProof.TlsAlpn01)],
            ("dns-01", "write http-01 or tls-alpn-01: Tangram changes no DNS records"));
        var spec = new AcmeSpec
        {
            Directory = Directory(fields), Email = Email(fields), Domains = Domains(fields), Proof = proof,
            Ca = paths.FileOf(fields, "ca"),
        };
        CheckPorts(fields, listeners, proof);
        return spec;
    }

    private static string Directory(Fields fields)
    {
        if (fields.Filled("directory") is not { } text) return LetsEncrypt;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps) return text;
        fields.Problems.Error(fields.PlaceOf("directory"),
            $"'directory' is {Quoted.Of(text)}, which is not an https:// address",
            "write the address of the authority's ACME directory, or delete it for Let's Encrypt");
        return LetsEncrypt;
    }

    private static string? Email(Fields fields)
    {
        if (fields.Filled("email") is not { } text) return null;
        if (text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1
            && !text.Any(c => c is <= ' ' or ',' or '?' or > '~')) return text;
        fields.Problems.Error(fields.PlaceOf("email"), $"'email' is {Quoted.Of(text)}, which is not an address",
            "write one such as ops@example.com, or delete it");
        return null;
    }

    private static EquatableArray<string> Domains(Fields fields)
    {
        var found = new List<string>();
        var items = fields.Items("domains");
        if (fields.IsMap && (fields["domains"] is null || items.Count is 0 or > MostDomains))
            fields.Problems.Error(fields.PlaceOf("domains"), $"'acme' names {items.Count} domains",
                $"add domains: with 1 to {MostDomains} host names, such as [shop.example.com]");
        foreach (var item in items)
        {
            if (Scalars.Filled(item, "domains", fields.Problems) is not { } text) continue;
            var name = text.TrimEnd('.').ToLowerInvariant();
            if (name.StartsWith("*.", StringComparison.Ordinal))
                fields.Problems.Error(item.Place, $"{Quoted.Of(text)} can only be proved by DNS",
                    "name each host, or have such a certificate issued elsewhere and add it under certificates");
            else if (IPAddress.TryParse(name, out _) || name.Length > 253
                     || Uri.CheckHostName(name) != UriHostNameType.Dns || name.Any(c => c is > '~' or '_'))
                fields.Problems.Error(item.Place, $"{Quoted.Of(text)} is not a host's name",
                    "write one such as shop.example.com; one with other letters in its form of xn--");
            else if (found.Contains(name))
                fields.Problems.Error(item.Place, $"'domains' has {name} twice", "keep one of them");
            else
                found.Add(name);
        }
        return found.ToEquatableArray();
    }

    private static void CheckPorts(Fields fields, IReadOnlyList<Placed<Listener>> listeners, AcmeProof proof)
    {
        var (port, secure) = proof == AcmeProof.Http01 ? (80, false) : (443, true);
        var ours = listeners.Where(listener => listener.Value.Secure == secure).ToList();
        // Without https at all there is another sentence.
        if (!listeners.Any(listener => listener.Value.Secure)) return;
        if (ours.Count == 0)
            fields.Problems.Error(fields.PlaceOf("challenge"),
                "the authority asks by http, and the gateway listens nowhere by http",
                "add http://*:80 to listen, or write challenge: tls-alpn-01");
        else if (!ours.Any(listener => listener.Value.Port == port))
            fields.Problems.Warn(fields.PlaceOf("challenge"),
                $"the authority asks at port {port}, where the gateway does not listen",
                $"listen there, or see to it that what comes to port {port} of the domains gets to {ours[0].Value}");
    }
}
