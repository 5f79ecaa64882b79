using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads a service's <c>x-tangram.backend</c>: how gateways speak with its replicas.</summary>
internal static class BackendReader
{
    /// <param name="service">The name that certificates are for unless another is given.</param>
    public static (BackendTlsSpec? Tls, EquatableArray<TlsFileAsked> Files) Read(
        Fields tangram, string service, string folder)
    {
        if (tangram["backend"] is null) return (null, []);
        var backend = tangram.Open("backend", ServiceKeys.Backend);
        if (backend["tls"] is null or Tree.Refused) return (null, []);
        if (backend["tls"] is Tree.Scalar)
            return (backend.Flag("tls", false) ? new BackendTlsSpec { Name = service } : null, []);
        var (tls, paths) = (backend.Open("tls", ServiceKeys.BackendTls), new Folders(folder));
        var spec = new BackendTlsSpec
        {
            Name = Name(tls) ?? service, Ca = paths.FileOf(tls, "ca"), Client = Client(tls, paths),
            Verify = tls.Flag("verify", true),
        };
        if (!spec.Verify)
            tangram.Problems.Warn(tls.PlaceOf("verify"), "whoever answers is taken for the replica",
                "name the authority with ca: FILE, and delete it");
        var files = new List<TlsFileAsked>();
        if (spec.Ca is { } ca) files.Add(new(tls.PlaceOf("ca"), ca, null) { ForBackends = true });
        if (spec.Client is { } own)
            files.Add(new(tls.PlaceOf("client_certificate"), own.Cert, own.Key) { ForBackends = true });
        return (spec, files.ToEquatableArray());
    }

    /// <summary>Replicas that speak TLS are asked by TLS.</summary>
    public static ProbeSpec? Probe(ProbeSpec? probe, BackendTlsSpec? tls, Fields tangram)
    {
        if (probe is not { Kind: ProbeKind.Http } || tls is null) return probe;
        if (tls.Client is not null)
            tangram.Problems.Warn(tangram.PlaceOf("probe"), "a probe shows no certificate of its own",
                "write probe: tcp if replicas take no request without one");
        return probe with { ServerName = tls.Name };
    }

    private static string? Name(Fields tls)
    {
        if (tls.Filled("name") is not { } text) return null;
        if (text.Length <= 253 && Uri.CheckHostName(text) != UriHostNameType.Unknown) return text;
        tls.Problems.Error(tls.PlaceOf("name"), $"'name' is {Quoted.Of(text)}, which is not a host's name",
            "write the name that the replicas' certificate is for");
        return null;
    }

    private static CertificateSpec? Client(Fields tls, Folders paths)
    {
        if (tls["client_certificate"] is null) return null;
        var pair = tls.Open("client_certificate", ServiceKeys.BackendCertificate);
        var (cert, key) = (paths.FileOf(pair, "cert"), paths.FileOf(pair, "key"));
        foreach (var missing in new[] { "cert", "key" })
            if (pair.IsMap && pair[missing] is null)
                tls.Problems.Error(pair.Place, $"'{missing}' is missing", $"add {missing}: FILE");
        return cert is null || key is null ? null : new CertificateSpec(cert, key);
    }
}
