using Tangram.Cli;
using Tangram.Observing;
using Tangram.Tests.Observing;

namespace Tangram.Tests.Cli;

public sealed class ClusterFinderTests : IDisposable
{
    private readonly Terminal _terminal = new();

    private ClusterFinder Finder => new(_terminal.Around, _terminal.Entrances);

    public void Dispose() => _terminal.Dispose();

    private async Task<IAsyncDisposable> RunningAsync(string name, FakeCluster cluster)
    {
        Directory.CreateDirectory(Path.Combine(_terminal.StateRoot, name));
        var socket = SocketPlace.ForDaemon(_terminal.StateRoot, name, _ => null);
        return await ApiServer.StartAsync(cluster.Port with { Cluster = name }, socket);
    }

    [Fact]
    public void Tangram_host_comes_first()
    {
        _terminal.Write("compose.yaml", "name: shop");
        _terminal.Variables["TANGRAM_HOST"] = "unix:///run/t.sock";
        Assert.Equal("/run/t.sock", Finder.Find(null).Address);
        _terminal.Variables["TANGRAM_HOST"] = "http://10.0.0.1:8080";
        Assert.Equal("http://10.0.0.1:8080", Finder.Find(null).Address);
    }

    [Theory]
    [InlineData("name: blog", "blog")]
    [InlineData("# c\nservices: {}\nname: 'blog' # c\n", "blog")]
    [InlineData("services:\n  name: x\n", "shop")]
    [InlineData("name: ${NAME:-shop}\n", "shop")]
    public void The_file_in_the_folder_names_it(string text, string name)
    {
        _terminal.Write("compose.yaml", text);
        Assert.Equal(name, Finder.Find(null).Name);
    }

    [Fact]
    public async Task The_only_one_that_runs_is_meant_and_two_are_never_guessed_between()
    {
        await using var cluster = new FakeCluster();
        Directory.CreateDirectory(Path.Combine(_terminal.StateRoot, "stopped"));
        await using (await RunningAsync("blog", cluster))
        {
            Assert.Equal("blog", Finder.Find(null).Name);
            Assert.Equal(Exit.Done, await _terminal.RunAsync("status"));
            Assert.Contains("blog is not ready", _terminal.Out);
            await using var second = await RunningAsync("shop", cluster);
            var failure = Assert.Throws<CommandFailure>(() => Finder.Find(null));
            Assert.Equal(Exit.Arguments, failure.ExitCode);
            Assert.Contains("blog", failure.Message);
        }
        Assert.Equal(Exit.NoCluster, Assert.Throws<CommandFailure>(() => Finder.Find(null)).ExitCode);
    }

    [Fact]
    public async Task A_state_folder_too_deep_for_a_socket_is_served_by_a_short_path()
    {
        var deep = Path.Combine(_terminal.StateRoot, new string('d', 90));
        Directory.CreateDirectory(Path.Combine(deep, "shop"));
        var path = SocketPlace.ForDaemon(deep, "shop", name =>
            name == "XDG_RUNTIME_DIR" ? _terminal.WorkingFolder : null);
        Assert.True(path.Length <= SocketPlace.Longest, path);
        Assert.Equal(path, SocketPlace.Of(deep, "shop"));
        await using var cluster = new FakeCluster();
        await using var server = await ApiServer.StartAsync(cluster.Port, path);
        Assert.True(ClusterFinder.Answers(SocketPlace.Of(deep, "shop")));
    }
}
