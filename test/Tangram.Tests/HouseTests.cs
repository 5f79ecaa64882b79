namespace Tangram.Tests;

public sealed class HouseTests
{
    [Fact]
    public void A_name_is_checked() => Assert.Throws<FormatException>(() => Tangram.Model.NodeName.Of("a b"));
}
