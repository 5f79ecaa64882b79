using Tangram.Planning;

namespace Tangram.Tests.Planning;

public sealed class SupportMatrixTests
{
    /// <summary>With TANGRAM_RECORD=1 in the environment the page is written anew.</summary>
    [Fact]
    public void The_page_is_what_the_reader_follows()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Tangram.slnx"))) root = root.Parent!;
        var page = Path.Combine(root.FullName, "docs", "compose.md");
        if (Environment.GetEnvironmentVariable("TANGRAM_RECORD") == "1") File.WriteAllText(page, SupportMatrix.Text());
        Assert.Equal(SupportMatrix.Text(), File.ReadAllText(page));
    }
}
