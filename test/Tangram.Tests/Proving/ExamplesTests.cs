namespace Tangram.Tests.Proving;

public sealed class ExamplesTests
{
    private static string Shop
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Tangram.slnx"))) folder = folder.Parent!;
            return Path.Combine(folder.FullName, "examples", "shop");
        }
    }

    [Theory]
    [InlineData("compose.v2.yaml", "order-v2", "Order.V2")]
    [InlineData("compose.exits.yaml", "order-exits", "Order.ExitsAtStart")]
    [InlineData("compose.never-ready.yaml", "order-never-ready", "Order.NeverReady")]
    [InlineData("compose.half-broken.yaml", "order-half-broken", "Order.HalfBroken")]
    public void A_version_of_the_shop_differs_in_the_binary_alone(string file, string folder, string project)
    {
        var first = File.ReadAllText(Path.Combine(Shop, "compose.yaml"));
        var expected = first.Replace("bin/order-v1", $"bin/{folder}", StringComparison.Ordinal);
        Assert.Equal(expected, File.ReadAllText(Path.Combine(Shop, file)));
        var built = File.ReadAllText(Path.Combine(Shop, "src", project, $"{project}.csproj"));
        Assert.Contains($"<ShopFolder>{folder}</ShopFolder>", built, StringComparison.Ordinal);
    }
}
