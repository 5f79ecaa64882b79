using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class ServerNameIndexTests
{
    private static readonly string[][] Names =
        [["first.test"], ["*.shop.test", "shop.test"], ["api.shop.test"], ["shop.test"], ["10.0.0.1"]];

    [Theory]
    [InlineData(null, 0)]
    [InlineData("", 0)]
    [InlineData("first.test", 0)]
    [InlineData("unknown.test", 0)]
    [InlineData("shop.test", 1)]
    [InlineData("SHOP.TEST", 1)]
    [InlineData("shop.test.", 1)]
    [InlineData("www.shop.test", 1)]
    [InlineData("api.shop.test", 2)]
    [InlineData("a.www.shop.test", 0)]
    [InlineData(".shop.test", 0)]
    [InlineData("10.0.0.1", 4)]
    public void Chooses_the_name_then_the_wildcard_then_the_first(string? asked, int expected) =>
        Assert.Equal(expected, new ServerNameIndex(Names).Choose(asked));

    [Fact]
    public void Whatever_a_client_asks_for_gets_one()
    {
        var index = new ServerNameIndex(Names);
        var seed = Random.Shared.Next();
        var chance = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, chance.Next(0, 300))
                .Select(_ => (char)chance.Next(chance.Next(2) == 0 ? 128 : char.MaxValue)));
            Assert.True(index.Choose(text) is >= 0 and < 5, $"seed {seed}: {text}");
        }
    }
}
