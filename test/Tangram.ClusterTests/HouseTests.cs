namespace Tangram.ClusterTests;

public sealed class HouseTests
{
    [Fact]
    public void The_binary_is_beside_the_tests() =>
        Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "tangram.dll")));
}
