using Tangram.Cli;
using Tangram.Observing.Doctoring;

namespace Tangram.Tests.Cli;

public sealed class DoctorCommandTests : IDisposable
{
    private static readonly MachineFacts Weak = new()
    {
        Root = true, Cores = 2,
        Tcp = new TcpFacts("cubic", ["cubic"], "fq", 128, 128, 1, 0, null, true),
    };

    private readonly Dictionary<string, string> _kernel = [];
    private readonly Terminal _terminal;

    public DoctorCommandTests() => _terminal = new Terminal
    {
        Machine = Weak,
        Kernel = setting =>
        {
            var before = _kernel.GetValueOrDefault(setting.Key, "128");
            if (setting.Key.Contains("syn")) return new SettingOutcome(before, before, "Permission denied");
            _kernel[setting.Key] = setting.Value;
            return new SettingOutcome(before, setting.Value, null);
        },
    };

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public async Task It_prints_what_is_wrong_why_and_the_line_and_ends_with_0_without_an_error()
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync("doctor"));
        Assert.Contains("warn   backlog      net.core.somaxconn is 128", _terminal.Out);
        Assert.Contains("why: in a burst", _terminal.Out);
        Assert.Contains("fix: sysctl -w net.core.somaxconn=4096   (as root)", _terminal.Out);
        Assert.Contains("2 warns, 8 notes", _terminal.Out);
        Assert.Empty(_kernel);
    }

    [Fact]
    public async Task An_error_ends_it_with_1_and_json_has_one_shape()
    {
        _terminal.Machine = Weak with { Limits = new LimitFacts(100, 1_000, null, 10_000) };
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("doctor", "--json"));
        Assert.Contains("\"check\": \"open-files\"", _terminal.Out);
        Assert.Contains("\"severity\": \"error\"", _terminal.Out);
        Assert.Contains("\"safe\": true", _terminal.Out);
    }

    [Fact]
    public async Task A_file_adds_its_checks()
    {
        _terminal.Write("compose.yaml", "services: {}");
        _terminal.Machine = Weak with { Memory = new MemoryFacts(1L << 30, 1L << 30, null) };
        Assert.Equal(Exit.Done, await _terminal.RunAsync("doctor", "-f", "compose.yaml"));
        _terminal.Write("compose.yaml", "broken");
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync("doctor", "-f", "compose.yaml"));
    }

    [Fact]
    public async Task Fix_shows_the_lines_asks_and_tells_each_outcome()
    {
        _terminal.Answer = "y\n";
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("doctor", "--fix"));
        Assert.Contains("Carry them out? [y/N]", _terminal.Out);
        Assert.Contains("modprobe tcp_bbr", _terminal.Out);
        Assert.Contains("done    net.core.somaxconn: 128 -> 4096", _terminal.Out);
        Assert.Contains("failed  net.ipv4.tcp_max_syn_backlog: Permission denied; it is 128", _terminal.Out);
        Assert.Contains("1 of 2 set.", _terminal.Out);
        Assert.Equal(["net.core.somaxconn"], _kernel.Keys);
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("\n")]
    [InlineData("")]
    public async Task Fix_changes_nothing_without_a_yes(string typed)
    {
        _terminal.Answer = typed;
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("doctor", "--fix"));
        Assert.Contains("Nothing was changed.", _terminal.Out);
        Assert.Empty(_kernel);
    }

    [Fact]
    public async Task Where_nobody_can_be_asked_it_needs_yes()
    {
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync("doctor", "--fix"));
        Assert.Contains("Add --yes", _terminal.Error);
        Assert.Empty(_kernel);
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("doctor", "--fix", "--yes"));
        Assert.Single(_kernel);
    }

    [Fact]
    public async Task Without_root_it_says_what_needs_it()
    {
        _terminal.Machine = Weak with { Root = false };
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("doctor", "--fix", "--yes"));
        Assert.Contains("  sysctl -w net.core.somaxconn=4096", _terminal.Out);
        Assert.Contains("need root", _terminal.Error);
        Assert.Empty(_kernel);
    }

    [Theory]
    [InlineData("--yes")]
    [InlineData("--fix", "--json")]
    public async Task Options_that_do_not_go_together_are_refused(params string[] options) =>
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync(["doctor", .. options]));
}
