using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>A gateway's answer to an authority that asks whether a domain is the cluster's.</summary>
/// <param name="Options">For a handshake; null: it asks by http.</param>
internal sealed record ShownChallenge(AcmeChallenge Asked, SslServerAuthenticationOptions? Options)
{
    private const string Path = "/.well-known/acme-challenge/";

    /// <summary>The protocol that such a handshake agrees on (RFC 8737, 6.2).</summary>
    public static readonly SslApplicationProtocol Protocol = new("acme-tls/1");

    public static ShownChallenge Of(AcmeChallenge asked) => new(asked, asked.Proof == AcmeProof.Http01 ? null
        : new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(Certificate(asked), null, offline: true),
            ApplicationProtocols = [Protocol], AllowTlsResume = false, AllowRenegotiation = false,
        });

    /// <summary>By http, on public addresses (RFC 8555, 8.3). Null: it is another request.</summary>
    public Task? Answer(HttpContext context, Listener listener)
    {
        if (Options is not null || listener is not { Internal: false, Service: null }) return null;
        var path = context.Request.Path.Value ?? "";
        if (!path.StartsWith(Path, StringComparison.Ordinal) || !path.AsSpan(Path.Length).SequenceEqual(Asked.Token)
            || !HttpMethods.IsGet(context.Request.Method)) return null;
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = Asked.Answer.Length;
        return context.Response.WriteAsync(Asked.Answer);
    }

    /// <summary>With the hash of the answer in an extension that whoever does not know it must refuse (RFC 8737,
    /// 3).</summary>
    private static X509Certificate2 Certificate(AcmeChallenge asked)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=acme"), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(asked.Domain);
        request.CertificateExtensions.Add(names.Build());
        var hash = new AsnWriter(AsnEncodingRules.DER);
        hash.WriteOctetString(SHA256.HashData(Encoding.ASCII.GetBytes(asked.Answer)));
        request.CertificateExtensions.Add(new X509Extension("1.3.6.1.5.5.7.1.31", hash.Encode(), critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(7));
    }
}
