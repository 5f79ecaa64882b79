using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tangram.Routing.Acme;

namespace Tangram.Tests.Routing.Acme;

public sealed class JwsTests
{
    private static readonly Uri Url = new("https://ca.test/new-order");

    [Fact]
    public void Signs_what_it_says_so_that_its_key_confirms_it()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var jws = JsonNode.Parse(new Jws(key).Sign(Url, "n1", "https://ca.test/a/1", new JsonObject { ["a"] = "b" }))!;
        var (head, payload) = ((string)jws["protected"]!, (string)jws["payload"]!);
        Assert.True(key.VerifyData(Encoding.ASCII.GetBytes($"{head}.{payload}"),
            Base64Url.DecodeFromChars((string)jws["signature"]!), HashAlgorithmName.SHA256,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        Assert.Equal("""{"alg":"ES256","nonce":"n1","url":"https://ca.test/new-order","kid":"https://ca.test/a/1"}""",
            Encoding.UTF8.GetString(Base64Url.DecodeFromChars(head)));
        Assert.Equal("""{"a":"b"}""", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(payload)));
    }

    [Fact]
    public void Shows_its_key_before_there_is_an_account_and_reads_with_an_empty_payload()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var jws = JsonNode.Parse(new Jws(key).Sign(Url, "n1", account: null, payload: null))!;
        Assert.Equal("", (string)jws["payload"]!);
        var head = JsonNode.Parse(Base64Url.DecodeFromChars((string)jws["protected"]!))!;
        Assert.Equal("P-256", (string)head["jwk"]!["crv"]!);
        Assert.Null(head["kid"]);
    }

    /// <summary>By hand: the members in their order, hashed.</summary>
    [Fact]
    public void The_print_of_a_key_is_that_of_RFC_7638()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var q = key.ExportParameters(false).Q;
        var text = $$"""{"crv":"P-256","kty":"EC","x":"{{Url64(q.X)}}","y":"{{Url64(q.Y)}}"}""";
        Assert.Equal($"t.{Url64(SHA256.HashData(Encoding.ASCII.GetBytes(text)))}", new Jws(key).KeyAuthorization("t"));
    }

    private static string Url64(byte[]? bytes) =>
        Convert.ToBase64String(bytes!).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
