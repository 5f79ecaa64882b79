namespace Tangram.Tests.Tidy;

internal static class Findings
{
    /// <summary>Fails with every finding at once, each on a line of its own.</summary>
    public static void None(IEnumerable<string> findings) =>
        Assert.True(!findings.Any(), string.Join('\n', findings.Prepend("")));
}
