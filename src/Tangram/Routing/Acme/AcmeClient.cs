using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Routing.Tls;

namespace Tangram.Routing.Acme;

/// <summary>Asks one authority for an account and for certificates: RFC 8555, 7, from the account to the
/// download.</summary>
internal sealed class AcmeClient : IDisposable
{
    /// <summary>Some leave a proof that failed "pending", for the client to ask for once more, and say why.</summary>
    private static readonly TimeSpan FailingFor = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(250), MostWait = TimeSpan.FromSeconds(30);

    private readonly AcmeSpec _spec;
    private readonly ECDsa _key;
    private readonly Jws _jws;
    private readonly AcmeConnection _connection;
    private readonly TimeProvider _time;

    /// <param name="account">Null: one is to be made.</param>
    public AcmeClient(AcmeSpec spec, AcmeAccount? account, TimeProvider time)
    {
        (_spec, _time, _key) = (spec, time, ECDsa.Create(ECCurve.NamedCurves.nistP256));
        if (account is not null) _key.ImportFromPem(account.Key);
        _jws = new Jws(_key);
        _connection = new AcmeConnection(new Uri(spec.Directory), _jws,
            spec.Ca is null ? null : ClientAuthorities.Read(CertificateFiles.Of(spec.Ca)), time)
        {
            Account = account?.Url,
        };
    }

    public async Task<AcmeAccount> MakeAccountAsync(CancellationToken cancellation)
    {
        var payload = new JsonObject { ["termsOfServiceAgreed"] = true };
        if (_spec.Email is { } email) payload["contact"] = new JsonArray($"mailto:{email}");
        var url = await _connection.ResourceAsync("newAccount", cancellation).ConfigureAwait(false);
        var answer = await _connection.PostAsync(url, payload, cancellation).ConfigureAwait(false);
        return new AcmeAccount(_spec.Directory, _spec.Email, _key.ExportPkcs8PrivateKeyPem(),
            answer.Location?.AbsoluteUri ?? throw new AcmeException("it made an account and does not name it"));
    }

    /// <param name="show">Returns when every gateway answers the challenge.</param>
    public async Task<AcmeCertificate> OrderAsync(
        string domain, Func<AcmeChallenge, Task> show, CancellationToken cancellation)
    {
        var url = await _connection.ResourceAsync("newOrder", cancellation).ConfigureAwait(false);
        var asked = new JsonObject
        {
            ["identifiers"] = new JsonArray(new JsonObject { ["type"] = "dns", ["value"] = domain }),
        };
        var made = await _connection.PostAsync(url, asked, cancellation).ConfigureAwait(false);
        var order = made.Location ?? throw new AcmeException("it took an order and does not name it");
        foreach (var authorization in (Whole(made)["authorizations"] as JsonArray ?? []).OfType<JsonValue>())
            await ProveAsync(domain, new Uri(authorization.GetValue<string>()), show, cancellation)
                .ConfigureAwait(false);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var finalize = new JsonObject { ["csr"] = Jws.Encode(SigningRequest(domain, key)) };
        // Some are ready a moment after the proof.
        var ready = await PollAsync(order, status => status is "pending" or "processing", cancellation)
            .ConfigureAwait(false);
        if (AcmeConnection.Text(ready, "status") == "ready")
            await _connection.PostAsync(AcmeConnection.UrlIn(ready, "finalize"), finalize, cancellation)
                .ConfigureAwait(false);
        var done = await PollAsync(order, status => status is "pending" or "ready" or "processing", cancellation)
            .ConfigureAwait(false);
        var chain = await _connection.PostAsync(AcmeConnection.UrlIn(done, "certificate"), null, cancellation)
            .ConfigureAwait(false);
        return Checked(domain, chain.Text, key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _connection.Dispose();
        _key.Dispose();
    }

    private async Task ProveAsync(
        string domain, Uri authorization, Func<AcmeChallenge, Task> show, CancellationToken cancellation)
    {
        var found = Whole(await _connection.PostAsync(authorization, null, cancellation).ConfigureAwait(false));
        if (AcmeConnection.Text(found, "status") == "valid") return;
        var type = _spec.Proof == AcmeProof.Http01 ? "http-01" : "tls-alpn-01";
        var offered = (found["challenges"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var challenge = offered.Find(one => AcmeConnection.Text(one, "type") == type)
            ?? throw new AcmeException($"it offers no {type}, but " +
                string.Join(", ", offered.Select(one => AcmeConnection.Text(one, "type"))));
        var token = AcmeConnection.Text(challenge, "token") ?? "";
        // It becomes a part of a path and of a key authorization (RFC 8555, 8.1).
        if (token.Length is 0 or > 1024 || token.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            throw new AcmeException("its challenge has a token of a wrong form");
        await show(new AcmeChallenge(domain, _spec.Proof, token, _jws.KeyAuthorization(token))).ConfigureAwait(false);
        await _connection.PostAsync(AcmeConnection.UrlIn(challenge, "url"), new JsonObject(), cancellation)
            .ConfigureAwait(false);
        await PollAsync(authorization, status => status is "pending" or "processing", cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>Asks until it is no longer on its way. Throws when it has come to nothing.</summary>
    private async Task<JsonObject> PollAsync(Uri url, Func<string, bool> onItsWay, CancellationToken cancellation)
    {
        var begun = _time.GetTimestamp();
        for (var wait = LeastWait; ; wait = wait * 2 < MostWait ? wait * 2 : MostWait)
        {
            var answer = await _connection.PostAsync(url, null, cancellation).ConfigureAwait(false);
            var found = Whole(answer);
            var status = AcmeConnection.Text(found, "status") ?? "";
            if (status is "valid" or "ready" && !onItsWay(status)) return found;
            var error = ErrorIn(found);
            if (!onItsWay(status) || error is not null && _time.GetElapsedTime(begun) > FailingFor)
                throw new AcmeException(error is null ? $"it says '{status}', and not why"
                    : AcmeConnection.Problem(error).Because);
            var asked = answer.Wait < MostWait ? answer.Wait : MostWait;
            await Task.Delay(asked > wait ? asked : wait, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The first error in an order, an authorization or its challenges.</summary>
    private static JsonObject? ErrorIn(JsonObject found) =>
        (found["challenges"] as JsonArray ?? []).OfType<JsonObject>().Prepend(found)
            .Select(one => one["error"]).OfType<JsonObject>().FirstOrDefault();

    private static JsonObject Whole(AcmeAnswer answer) =>
        answer.Json ?? throw new AcmeException("its answer is not JSON");

    private static byte[] SigningRequest(string domain, ECDsa key)
    {
        // Without a common name, which has at most 64 letters and says nothing more.
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(domain);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    /// <summary>Nothing goes into the store that no gateway could show.</summary>
    private AcmeCertificate Checked(string domain, string chain, string key)
    {
        try
        {
            var read = ServedCertificate.Of(chain, key, $"the certificate for {domain}");
            if (!read.Names.Contains(domain, StringComparer.OrdinalIgnoreCase))
                throw new AcmeException($"what it issued is for {string.Join(", ", read.Names)}");
            return new AcmeCertificate(_spec.Directory, chain, key, read.Life.From, read.Life.Until);
        }
        catch (TrustException e)
        {
            throw new AcmeException($"what it issued cannot be used: {e.Message.TrimEnd('.')}");
        }
    }
}
