using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tangram.Coordinating.Trust;

namespace Tangram.Routing.Acme;

/// <summary>Signed requests to one authority (RFC 8555, 6), each with a nonce that the answer before has
/// given.</summary>
/// <param name="authorities">By which the authority's own https is known; null: the machine's.</param>
internal sealed class AcmeConnection(
    Uri directory, Jws jws, X509Certificate2Collection? authorities, TimeProvider time) : IDisposable
{
    /// <summary>A chain has about 5 kB.</summary>
    private const int LongestAnswer = 1 << 20;

    /// <summary>A nonce may be used up or too old (RFC 8555, 6.5).</summary>
    private const int MostNonces = 8;

    private readonly HttpClient _http = New(authorities);
    private JsonObject? _directory;
    private string? _nonce;

    /// <summary>Known once there is an account.</summary>
    public string? Account { get; set; }

    /// <summary>The address of one of the directory's resources, such as <c>newOrder</c>.</summary>
    public async Task<Uri> ResourceAsync(string name, CancellationToken cancellation)
    {
        if (_directory is null)
        {
            using var answer = await _http.GetAsync(directory, cancellation).ConfigureAwait(false);
            _directory = (await ReadAsync(answer, cancellation).ConfigureAwait(false)).Json
                ?? throw new AcmeException("what is at its address is no ACME directory");
        }
        return UrlIn(_directory, name);
    }

    /// <summary>Throws <see cref="AcmeException"/> for an answer that is an error, and what HTTP throws.</summary>
    /// <param name="payload">Null: it only reads.</param>
    public async Task<AcmeAnswer> PostAsync(Uri url, JsonNode? payload, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var nonce = _nonce ?? await NonceAsync(cancellation).ConfigureAwait(false);
            _nonce = null;
            using var request = new HttpRequestMessage(HttpMethod.Post, url)
            {
                Content = new ByteArrayContent(Encoding.UTF8.GetBytes(jws.Sign(url, nonce, Account, payload))),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
            using var answer = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
            Keep(answer);
            try
            {
                return await ReadAsync(answer, cancellation).ConfigureAwait(false);
            }
            catch (AcmeException e) when (e.Type == "badNonce" && attempt < MostNonces)
            {
                // Its answer has brought a new one.
            }
        }
    }

    public static Uri UrlIn(JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue(out string? text)
        && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
            ? url
            : throw new AcmeException($"its answer has no address for '{name}'");

    public void Dispose() => _http.Dispose();

    private async Task<string> NonceAsync(CancellationToken cancellation)
    {
        var url = await ResourceAsync("newNonce", cancellation).ConfigureAwait(false);
        using var request = new HttpRequestMessage(HttpMethod.Head, url);
        using var answer = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        Keep(answer);
        return _nonce ?? throw new AcmeException("it gives no nonce");
    }

    private void Keep(HttpResponseMessage answer)
    {
        if (answer.Headers.TryGetValues("Replay-Nonce", out var nonces)) _nonce = nonces.FirstOrDefault();
    }

    private async Task<AcmeAnswer> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        JsonObject? json = null;
        try
        {
            if (text.StartsWith('{')) json = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // Not of the form; whoever needs it says so.
        }
        var wait = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => TimeSpan.Zero,
        };
        if (answer.IsSuccessStatusCode) return new AcmeAnswer(answer.Headers.Location, json, text, wait);
        var (type, detail) = json is null ? ("", "") : Problem(json);
        throw new AcmeException(detail == "" ? $"it answered {(int)answer.StatusCode}" : detail, type, wait);
    }

    /// <summary>What a problem document says (RFC 9457), as the end of a sentence.</summary>
    public static (string Type, string Because) Problem(JsonObject problem)
    {
        var type = (Text(problem, "type") ?? "").Split(':')[^1];
        var detail = (Text(problem, "detail") ?? type).ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return (type, $"it says: {(detail.Length > 500 ? detail[..500] + "…" : detail)}"
            + (type is "" || type == detail ? "" : $" ({type})"));
    }

    public static string? Text(JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static HttpClient New(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        if (authorities is not null)
        {
            var policy = PeerCheck.Policy(authorities);
            policy.ApplicationPolicy.Add(new(PeerCheck.ServerUse));
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        var http = new HttpClient(handler) { MaxResponseContentBufferSize = LongestAnswer };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("tangram");
        return http;
    }
}

/// <param name="Location">The address of what was made.</param>
/// <param name="Json">Null when it is none.</param>
/// <param name="Wait">How long it wants to be left alone.</param>
internal sealed record AcmeAnswer(Uri? Location, JsonObject? Json, string Text, TimeSpan Wait);
