using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class PeerIdentityTests
{
    private const string Letters = "abz019-_./:%@ AZé\0\n";

    private static readonly PeerIdentity Agent = new("shop", PeerRole.Agent, NodeName.Of("a-1"));

    [Fact]
    public void Its_text_is_a_uri_and_is_read_back()
    {
        Assert.Equal("tangram://shop/agent/a-1", Agent.ToString());
        foreach (var role in Enum.GetValues<PeerRole>())
        {
            Assert.True(PeerIdentity.TryParse((Agent with { Role = role }).ToString(), out var read));
            Assert.Equal(Agent with { Role = role }, read);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tangram://shop")]
    [InlineData("tangram://shop/agent")]
    [InlineData("tangram://shop/agent/")]
    [InlineData("tangram://shop/agent/a-1/")]
    [InlineData("tangram://shop/agent/a-1?x")]
    [InlineData("tangram://shop/agent/../a")]
    [InlineData("tangram://shop/agent/a%2D1")]
    [InlineData("tangram://Shop/agent/a-1")]
    [InlineData("tangram://shop.x/agent/a-1")]
    [InlineData("tangram://shop/Agent/a-1")]
    [InlineData("tangram://shop/0/a-1")]
    [InlineData("tangram://shop/leader/a-1")]
    [InlineData("TANGRAM://shop/agent/a-1")]
    [InlineData("https://shop/agent/a-1")]
    [InlineData(" tangram://shop/agent/a-1")]
    [InlineData("tangram://shop/agent/a-1\n")]
    public void Anything_else_is_nobody(string? text) => Assert.False(PeerIdentity.TryParse(text, out _));

    [Fact]
    public void One_identity_has_one_text_whatever_is_read()
    {
        for (ulong seed = 1; seed <= 100_000; seed++)
        {
            var rng = new Rng(seed);
            var text = Agent.ToString();
            for (var changes = 1 + rng.Next(4); changes > 0; changes--)
            {
                var at = rng.Next(text.Length);
                var letter = Letters[rng.Next(Letters.Length)].ToString();
                text = rng.Next(3) switch
                {
                    0 => text.Remove(at, 1), 1 => text.Insert(at, letter), _ => text.Remove(at, 1).Insert(at, letter),
                };
            }
            if (PeerIdentity.TryParse(text, out var identity))
                Assert.True(identity.ToString() == text, $"seed {seed}: {text}");
            Assert.False(PeerIdentity.TryParseAuthority(text, out _) && identity is not null, $"seed {seed}: {text}");
        }
    }

    [Fact]
    public void An_authority_is_nobody_and_names_its_cluster()
    {
        Assert.True(PeerIdentity.TryParseAuthority(PeerIdentity.OfAuthority("shop"), out var cluster));
        Assert.Equal("shop", cluster);
        Assert.False(PeerIdentity.TryParseAuthority(Agent.ToString(), out _));
    }

    [Fact]
    public void Another_cluster_and_a_role_that_is_not_admitted_are_refused_with_the_reason()
    {
        Assert.Null(Agent.Refusal("shop", [PeerRole.Gateway, PeerRole.Agent]));
        Assert.Equal("it belongs to the cluster 'shop' and not to 'blog'", Agent.Refusal("blog", [PeerRole.Agent]));
        Assert.Equal("it is an agent, and here only a server or a gateway is admitted",
            Agent.Refusal("shop", [PeerRole.Gateway, PeerRole.Server]));
    }

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("node-1.example.com", true)]
    [InlineData("node-1.example.com.", false)]
    [InlineData("server.tangram", false)]
    [InlineData("SERVER.TANGRAM", false)]
    [InlineData("server.tangram.", false)]
    [InlineData("*.example.com", false)]
    [InlineData("10.0.0.1:7000", false)]
    [InlineData("é.example.com", false)]
    [InlineData("", false)]
    public void An_address_is_an_ip_address_or_a_host_name_that_is_not_reserved(string text, bool good) =>
        Assert.Equal(good, PeerIdentity.ProblemOfAddress(text) is null);
}
