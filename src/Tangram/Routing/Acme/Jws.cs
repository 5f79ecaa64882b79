using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Tangram.Routing.Acme;

/// <summary>Signs what goes to an ACME authority, as a JSON Web Signature by ECDSA P-256 (RFC 7515, and RFC 7518,
/// 3.4).</summary>
internal sealed class Jws(ECDsa key)
{
    /// <summary>Of the key that signs (RFC 7638): in the order of the names, without blanks.</summary>
    public string Thumbprint => Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Jwk().ToJsonString())));

    /// <summary>What an authority is shown to answer a challenge (RFC 8555, 8.1).</summary>
    public string KeyAuthorization(string token) => $"{token}.{Thumbprint}";

    /// <param name="account">Its URL; null before there is one.</param>
    /// <param name="payload">Null: "POST-as-GET" (RFC 8555, 6.3).</param>
    public string Sign(Uri url, string nonce, string? account, JsonNode? payload)
    {
        var head = new JsonObject { ["alg"] = "ES256", ["nonce"] = nonce, ["url"] = url.AbsoluteUri };
        if (account is null) head["jwk"] = Jwk();
        else head["kid"] = account;
        var (first, second) = (Encode(head.ToJsonString()), payload is null ? "" : Encode(payload.ToJsonString()));
        var signature = key.SignData(Encoding.ASCII.GetBytes($"{first}.{second}"), HashAlgorithmName.SHA256,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return new JsonObject { ["protected"] = first, ["payload"] = second, ["signature"] = Encode(signature) }
            .ToJsonString();
    }

    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    private static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    private JsonObject Jwk()
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject { ["crv"] = "P-256", ["kty"] = "EC", ["x"] = Encode(point.X), ["y"] = Encode(point.Y) };
    }
}
