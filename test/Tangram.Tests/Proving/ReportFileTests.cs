using Tangram.Cli;
using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class ReportFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Surroundings Around => new()
    {
        Variable = _ => null, StateRoot = _folder, WorkingFolder = _folder, Out = TextWriter.Null,
        Error = TextWriter.Null,
    };

    private string At(string name) => Path.Combine(_folder, name);

    private ReportFile For(string typed, params string?[] others) =>
        ReportFile.For(typed, "--report", Around, others)!;

    [Theory]
    [InlineData("", "--report names no file")]
    [InlineData(".", "it is a folder")]
    [InlineData("nowhere/x.html", "there is no folder")]
    [InlineData("/dev/null", "it is no plain file")]
    [InlineData("plan.yaml", "is another file of this command already")]
    [InlineData("./a/../plan.yaml", "is another file of this command already")]
    public void What_cannot_be_written_is_refused_before_anything_is_sent(string typed, string why)
    {
        var failure = Assert.Throws<CommandFailure>(() => For(typed, null, At("plan.yaml")));
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.Equal(Exit.Arguments, failure.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void It_is_whole_or_as_it_was()
    {
        File.WriteAllText(At("x.html"), "before");
        var file = For("x.html");
        Assert.Equal("before", File.ReadAllText(At("x.html")));
        var failure = Assert.Throws<CommandFailure>(() => file.Write(stream =>
        {
            stream.WriteByte(1);
            throw new IOException("No space left on device");
        }));
        Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
        Assert.Equal((Exit.Failed, "before"), (failure.ExitCode, File.ReadAllText(At("x.html"))));
        file.Write("after");
        Assert.Equal("after", File.ReadAllText(At("x.html")));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_link_stays_a_link()
    {
        File.WriteAllText(At("real.html"), "");
        File.CreateSymbolicLink(At("link.html"), At("real.html"));
        For("link.html").Write("after");
        Assert.Equal("after", File.ReadAllText(At("real.html")));
        Assert.NotNull(new FileInfo(At("link.html")).LinkTarget);
    }

    [Fact]
    public void None_is_asked_for() => Assert.Null(ReportFile.For(null, "--report", Around));
}
