using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class StateCopyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-copy-").FullName;
    private readonly List<string> _said = [];

    private string File => Path.Combine(_folder, "known.json");
    private StateCopy Copy => new(File, _said.Add);

    private static ClusterState State =>
        new Documents().Node("a-1", 1, "order-1").Put(Keys.Term, new Term("server", "one")).State;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_written_is_recalled()
    {
        Copy.Write(State);
        var recalled = Copy.Read();
        Assert.NotNull(recalled);
        Assert.True(recalled.Recalled);
        Assert.Equal(State.Nodes.Values, recalled.Nodes.Values);
        Assert.Empty(_said);
    }

    [Fact]
    public void Where_nothing_was_written_nothing_is_recalled() => Assert.Null(Copy.Read());

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("""{"status":"Ok","revision":1}""")]
    [InlineData("""{"status":"Ok","revision":1,"pairs":[{"key":"seen/a-1","value":"no","modRevision":1}]}""")]
    [InlineData("""{"status":"Ok","revision":1,"pairs":[{"key":"revisions/x","value":"{}"}]}""")]
    public void A_file_that_is_damaged_is_said_to_be_and_not_used(string text)
    {
        System.IO.File.WriteAllText(File, text);
        var copy = Copy;
        Assert.Null(copy.Read());
        Assert.True(_said.Count == (text == "null" ? 0 : 1));
    }

    [Fact]
    public void A_file_cut_anywhere_is_not_used()
    {
        Copy.Write(State);
        var whole = System.IO.File.ReadAllText(File);
        for (var length = 0; length < whole.Length; length++)
        {
            System.IO.File.WriteAllText(File, whole[..length]);
            Assert.Null(Copy.Read());
        }
    }

    [Fact]
    public void A_folder_that_takes_nothing_is_said_once()
    {
        Directory.CreateDirectory(File);
        var copy = Copy;
        copy.Write(State);
        copy.Write(State);
        Assert.Single(_said);
    }
}
