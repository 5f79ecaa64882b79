using Microsoft.Extensions.Time.Testing;
using Tangram.Cli;

namespace Tangram.Tests.Cli;

public sealed class CaCommandTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Terminal _terminal;

    public CaCommandTests() => _terminal = new Terminal { Clock = _time };

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public async Task An_authority_issues_folders_that_only_their_owner_reads()
    {
        await Done("ca", "init", "--cluster", "shop");
        await Done("ca", "issue", "server", "s-1", "--address", "10.0.0.1,fd00::1", "--address", "a.example.com");
        foreach (var key in (string[])["ca/ca.key", "s-1/node.key"])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At(key)));
        Assert.Equal(["ca.crt", "node.crt", "node.key"],
            Directory.GetFiles(At("s-1")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("made tangram://shop/server/s-1", _terminal.Out);
        await Done("ca", "show", "s-1");
        Assert.Contains("identity     tangram://shop\n", _terminal.Out);
        Assert.Contains("identity     tangram://shop/server/s-1\n", _terminal.Out);
        Assert.Contains("subject      CN=s-1, O=shop\n", _terminal.Out);
        Assert.Contains("10.0.0.1, fd00::1, 127.0.0.1, a.example.com, localhost, server.tangram\n", _terminal.Out);
        Assert.Contains("valid        2025-12-31 00:00 UTC to 2027-01-01 00:00 UTC\n", _terminal.Out);
        Assert.DoesNotContain("warning", _terminal.Out);
    }

    [Fact]
    public async Task Show_as_json_has_every_key()
    {
        await Done("ca", "init", "--cluster", "shop");
        await Done("ca", "issue", "agent", "a-1", "--days", "1");
        _time.Advance(TimeSpan.FromDays(2));
        using var json = new Terminal { Clock = _time };
        Assert.Equal(Exit.Done, await json.RunAsync("ca", "show", At("a-1/node.crt"), "--json"));
        foreach (var part in (string[])["\"identity\": \"tangram://shop/agent/a-1\"", "\"fingerprint\": \"",
            "\"until\": \"2026-01-02T00:00:00+00:00\"", "\"warning\": \"it ended on 2026-01-02 00:00 UTC"])
            Assert.Contains(part, json.Out);
    }

    [Fact]
    public async Task Nothing_is_overwritten_but_a_renewal()
    {
        await Done("ca", "init", "--cluster", "shop");
        await Done("ca", "issue", "agent", "a-1");
        var before = File.ReadAllText(At("a-1/node.crt"));
        await Failed("ca.crt exists and is not overwritten", "ca", "init", "--cluster", "shop");
        await Failed("it is of tangram://shop/agent/a-1, not of tangram://shop/gateway/a-1",
            "ca", "issue", "gateway", "a-1");
        await Failed("is not overwritten", "ca", "issue", "agent", "a-2", "--out", "a-1");
        Assert.Equal(before, File.ReadAllText(At("a-1/node.crt")));
        await Done("ca", "issue", "agent", "a-1");
        Assert.NotEqual(before, File.ReadAllText(At("a-1/node.crt")));
    }

    [Fact]
    public async Task A_life_ends_no_later_than_the_authoritys()
    {
        await Done("ca", "init", "--cluster", "shop");
        _time.Advance(TimeSpan.FromDays(3650));
        await Done("ca", "issue", "agent", "a-1");
        Assert.Contains("valid until 2036-01-02 00:00 UTC", _terminal.Out);
        _time.Advance(TimeSpan.FromDays(10));
        await Failed("cannot issue anything: it ended on", "ca", "issue", "agent", "a-1");
    }

    [Fact]
    public async Task Without_an_authority_it_says_how_to_make_one()
    {
        await Failed("'tangram ca init'", "ca", "issue", "agent", "a-1");
        await Failed("cannot be shown", "ca", "show", "nothing");
        _terminal.Write("x.crt", "garbage");
        await Failed("cannot be shown", "ca", "show", "x.crt");
        Directory.CreateDirectory(At("empty"));
        await Failed("holds no certificate", "ca", "show", "empty");
    }

    [Theory]
    [InlineData("--cluster", "ca", "init")]
    [InlineData("'Shop' is not a cluster's name", "ca", "init", "--cluster", "Shop")]
    [InlineData("'leader' is not a role", "ca", "issue", "leader", "x")]
    [InlineData("'a/b' is not a name", "ca", "issue", "agent", "a/b")]
    [InlineData("'10.0.0.1:7000' is neither", "ca", "issue", "agent", "a-1", "--address", "10.0.0.1:7000")]
    [InlineData("'server.tangram' is reserved", "ca", "issue", "agent", "a-1", "--address", "server.tangram")]
    [InlineData("--days takes 1 to 3650", "ca", "issue", "agent", "a-1", "--days", "0")]
    [InlineData("A server needs --address", "ca", "issue", "server", "s-1")]
    [InlineData("See `tangram ca issue --help`", "ca", "issue")]
    public async Task Wrong_arguments_end_with_2_and_a_sentence(string sentence, params string[] args)
    {
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync(args));
        Assert.Contains(sentence, _terminal.Error);
        Assert.Empty(Directory.GetFileSystemEntries(_terminal.WorkingFolder));
    }

    [Fact]
    public async Task Help_of_a_command_in_the_group_shows_the_groups_examples()
    {
        await Done("ca", "issue", "--help");
        Assert.Contains("tangram ca issue server s-1 --address 10.0.0.1", _terminal.Out);
    }

    private string At(string path) => Path.Combine(_terminal.WorkingFolder, path);

    private async Task Done(params string[] args) =>
        Assert.True(await _terminal.RunAsync(args) == Exit.Done, _terminal.Error);

    private async Task Failed(string sentence, params string[] args)
    {
        Assert.Equal(Exit.Failed, await _terminal.RunAsync(args));
        Assert.Contains(sentence, _terminal.Error);
    }
}
