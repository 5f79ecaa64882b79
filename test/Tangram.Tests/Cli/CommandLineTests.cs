using System.Text.RegularExpressions;
using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Theory]
    [InlineData("dance")]
    [InlineData("scale", "order")]
    [InlineData("scale", "order=-1")]
    [InlineData("scale")]
    [InlineData("kill", "a-1", "--for", "soon")]
    [InlineData("load", "ftp://x")]
    [InlineData("prove", "--budget", "soon")]
    [InlineData("prove", "--seed", "-1")]
    [InlineData("prove", "replica-loss")]
    [InlineData("drill", "node-loss", "--at-most", "rack")]
    [InlineData("simulate", "--seeds", "0")]
    [InlineData("simulate", "--nodes", "5001")]
    [InlineData("logs", "--tail", "-1")]
    [InlineData("logs", "--grep", "(")]
    [InlineData("logs", "--since", "soon")]
    [InlineData("ps", "--jso")]
    [InlineData("backend", "order-1")]
    [InlineData("backend", "order-1", "--drain", "--normal")]
    [InlineData("backend", "order-1", "--weight", "0%")]
    [InlineData("backend", "order-1", "--weight", "heavy")]
    [InlineData("diff", "one")]
    [InlineData("diff", "1", "2", "3")]
    public async Task Wrong_arguments_end_with_2_and_a_sentence(params string[] args)
    {
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync(args));
        Assert.StartsWith("tangram: ", _terminal.Error);
        Assert.Contains("--help", _terminal.Error);
        Assert.Equal("", _terminal.Out);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("ps")]
    [InlineData("drain", "a-1")]
    [InlineData("history")]
    [InlineData("diff", "1")]
    [InlineData("down")]
    public async Task Without_a_cluster_it_ends_with_3(params string[] args)
    {
        Assert.Equal(Exit.NoCluster, await _terminal.RunAsync(args));
        Assert.Contains("tangram up", _terminal.Error);
    }

    [Fact]
    public async Task A_wrong_file_ends_with_2_and_every_problem_at_its_place()
    {
        _terminal.Write("compose.yaml", "broken");
        foreach (var command in (string[])["up", "plan", "deploy", "config"])
            Assert.Equal(Exit.Arguments, await _terminal.RunAsync(command));
        Assert.Contains("compose.yaml:3:5: 'replica' is not a key. Write 'replicas'.", _terminal.Error);
    }

    [Fact]
    public async Task Every_command_has_help_with_an_example()
    {
        foreach (var (command, examples) in Examples.Of)
        {
            using var terminal = new Terminal();
            Assert.Equal(Exit.Done, await terminal.RunAsync(command == "" ? ["--help"] : [command, "--help"]));
            Assert.Contains(examples[0], terminal.Out);
        }
    }

    [Fact]
    public void Every_example_is_a_command_line_that_is_understood()
    {
        var tree = CommandLine.Tree(new CommandContext(_terminal.Around, _terminal.Entrances));
        var lines = Examples.Of.Values.SelectMany(e => string.Join('\n', e).Replace("\\\n", "").Split('\n'))
            .Where(line => line.StartsWith("tangram ", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count > 40);
        foreach (var line in lines)
        {
            // What stands after a gap is a remark, and after > a file of the shell's.
            var typed = Regex.Split(Regex.Replace(line, @"(?<=\S)   *(?!--)\S.*$", ""), " > ")[0];
            var words = Regex.Matches(typed, @"'([^']*)'|\S+").Select(w => w.Value.Trim('\'')).Skip(1).ToArray();
            var parsed = tree.Parse(words);
            Assert.True(parsed.Errors.Count == 0 && parsed.Action is not null,
                $"{line}: {string.Join("; ", parsed.Errors)}");
            Assert.NotSame(tree, parsed.CommandResult.Command);
        }
    }

    [Fact]
    public void Only_the_command_that_is_typed_is_made()
    {
        var context = new CommandContext(_terminal.Around, _terminal.Entrances);
        var all = CommandLine.Tree(context).Subcommands;
        Assert.True(all.Count > 20);
        foreach (var name in all.Select(command => command.Name))
            Assert.Equal(name, Assert.Single(CommandLine.Tree(context, name).Subcommands).Name);
        Assert.Equal(all.Count, CommandLine.Tree(context, "dance").Subcommands.Count);
    }

    [Fact]
    public async Task Every_command_that_help_lists_has_examples()
    {
        await _terminal.RunAsync("--help");
        var listed = _terminal.Out.Split('\n').SkipWhile(l => l != "Commands:").Skip(1).TakeWhile(l => l != "")
            .Select(l => l.Trim().Split(' ')[0]);
        Assert.Equal(listed.Order(), Examples.Of.Keys.Where(k => k != "").Order());
    }

    [Fact]
    public async Task Completion_is_answered_by_the_suggest_directive()
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync("[suggest:2]", "st"));
        Assert.Contains("status", _terminal.Out);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Each_shell_has_a_script_that_asks_the_program(string shell)
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync("completion", shell));
        Assert.Contains("tangram \"[suggest:", _terminal.Out);
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync("completion", "tcsh"));
    }

    [Fact]
    public async Task Version_and_config_need_no_cluster()
    {
        _terminal.Write("compose.yaml", "services: {}");
        Assert.Equal(Exit.Done, await _terminal.RunAsync("version", "--json"));
        Assert.Contains(CommandLine.Version, _terminal.Out);
        Assert.Equal(Exit.Done, await _terminal.RunAsync("config", "--json"));
        Assert.Contains("\"name\": \"shop\"", _terminal.Out);
        Assert.Equal(Exit.Done, await _terminal.RunAsync("config"));
        Assert.Contains("name: \"shop\"", _terminal.Out);
        Assert.Equal(Exit.Done, await _terminal.RunAsync("config", "--services"));
    }

    [Fact]
    public async Task Plan_works_without_a_cluster()
    {
        _terminal.Write("compose.yaml", "services: {}");
        Assert.Equal(Exit.Done, await _terminal.RunAsync("plan"));
        Assert.Equal("shop would be new\n", _terminal.Out);
    }

    [Fact]
    public async Task Load_and_simulate_pass_on_what_was_typed_and_the_exit_code()
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync(
            "load", "http://127.0.0.1/x", "--rate", "300", "--duration", "1m",
            "--method", "post", "--header", "A: b", "--header", "C: d", "--max-failed", "3",
            "--also", "http://127.0.0.1:81/", "--also", "http://127.0.0.1:82/", "--lost-after", "2s"));
        var load = _terminal.Load!;
        Assert.Equal((300, TimeSpan.FromMinutes(1), "POST", 3),
            (load.Rate, load.Duration, load.Method, load.MaxFailed));
        Assert.Equal(["A: b", "C: d"], load.Headers);
        Assert.Equal([81, 82], load.Also.Select(url => url.Port));
        Assert.Equal(TimeSpan.FromSeconds(2), load.LostAfter);
        Assert.Equal(Exit.Done, await _terminal.RunAsync("load", "--tls", "s-1", "--injector", "a:1,b:2",
            "http://127.0.0.1/x", "--injector", "c:3"));
        Assert.Equal(["a:1", "b:2", "c:3"], _terminal.Load!.Injectors);
        Assert.EndsWith("/s-1", _terminal.Load.Tls);
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("simulate", "--seed", "7", "--seeds", "500"));
        Assert.Equal(new SimulateRequest(7, 500, false), _terminal.Simulation);
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("simulate", "--nodes", "50"));
        Assert.Equal(new SimulateRequest(0, 1, false, 50), _terminal.Simulation);
    }

    [Fact]
    public async Task Load_of_a_file_passes_on_what_was_typed_and_only_what_was_typed()
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync("load", "plan.jmx", "-J", "a=b", "-J", "c=d", "--users", "5",
            "--duration", "1m", "--target", "http://127.0.0.1:81", "--ignore-unsupported", "--json"));
        Assert.Equal(new ScenarioRequest("plan.jmx")
        {
            Properties = ["a=b", "c=d"], Users = 5, Duration = TimeSpan.FromMinutes(1),
            Target = new Uri("http://127.0.0.1:81"), IgnoreUnsupported = true, Json = true,
        }, _terminal.Scenario);
        Assert.Equal(Exit.Done, await _terminal.RunAsync("load", "shop.yaml"));
        Assert.Equal(new ScenarioRequest("shop.yaml"), _terminal.Scenario);
    }

    [Fact]
    public async Task Load_of_an_access_log_keeps_its_times_and_takes_what_says_how_to_ask()
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync("load", "access.log", "--target", "http://h:81", "--speed",
            "60", "--duration", "1m", "--header", "A: b", "--max-failed", "3"));
        var replay = _terminal.Replay!;
        Assert.Equal(("access.log", 60.0, TimeSpan.FromMinutes(1), false),
            (replay.File, replay.Speed, replay.Most, replay.Unsafe));
        Assert.Equal((new Uri("http://h:81"), 3L), (replay.Load.Url, replay.Load.MaxFailed));
        Assert.Equal(["A: b"], replay.Load.Headers);
        // What is in the file is not asked when this says it.
        Assert.Equal(Exit.Done, await _terminal.RunAsync("load", "other", "--unsafe", "--target", "http://h:81"));
        Assert.Equal(("other", true, 1.0), (_terminal.Replay!.File, _terminal.Replay.Unsafe, _terminal.Replay.Speed));
        Assert.Equal(Exit.Done, await _terminal.RunAsync("load", "-", "--target", "http://h:81"));
        Assert.Null(_terminal.Scenario);
    }

    [Theory]
    [InlineData("load access.log", "does not say where its requests shall go: add --target http://HOST:PORT")]
    [InlineData("load access.log --target http://h --rate 5", "--rate does not go with an access log")]
    [InlineData("load access.log --target http://h --static", "--static does not go with an access log")]
    [InlineData("load access.log --target http://h --injector a:1", "--injector does not go with a file")]
    [InlineData("load http://127.0.0.1/ --speed 2", "--speed goes with an access log, and not with a URL")]
    [InlineData("load shop.yaml --method POST", "--method goes with a URL, and shop.yaml is a file: write it there")]
    [InlineData("load http://127.0.0.1/ --static", "--static goes with a file, and not with a URL")]
    [InlineData("load http://127.0.0.1/ --find-limit --users 5", "--users does not go with --find-limit")]
    [InlineData("load / --find-limit --service a --also http://x/", "--also does not go with --find-limit --service")]
    [InlineData("load orders --find-limit --service a", "'orders' is not a path")]
    [InlineData("load shop.yaml --latency 1s", "--latency goes with a URL, and shop.yaml is a file: write it there")]
    [InlineData("load shop.yaml --users 5 --rate 7", "--users and a rate exclude each other")]
    [InlineData("load http://127.0.0.1/ --find-limit --report x.html", "--report does not go with --find-limit")]
    [InlineData("load ws://127.0.0.1/ --find-limit", "--find-limit is of requests by HTTP")]
    [InlineData("load http://127.0.0.1/ --also ws://x/", "'ws://x/' is not a URL that starts with http:// or https://")]
    [InlineData("load shop.yaml --profile 5 --rate 7", "--rate does not go with --profile")]
    [InlineData("load shop.yaml --injector a:1", "--injector does not go with a file: that is made by one machine")]
    [InlineData("load http://127.0.0.1/ --find-limit --injector a:1", "--injector does not go with --find-limit")]
    [InlineData("load http://127.0.0.1/ --injector ,", "--injector names no machine: write HOST:PORT")]
    [InlineData("load http://127.0.0.1/ --tls s-1", "--tls goes with --injector")]
    [InlineData("load http://127.0.0.1/ --profile 5 --duration 7s", "--duration does not go with --profile")]
    [InlineData("load ftp://x", "'ftp://x' is not a URL that starts with http:// or https://")]
    [InlineData("load shop.yaml --target x", "'x' is not a URL that starts with http:// or https://")]
    public async Task Load_refuses_what_does_not_go_together(string line, string error)
    {
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync(line.Split(' ')));
        Assert.Contains(error, _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Down_stops_what_a_killed_daemon_left()
    {
        _terminal.Write("compose.yaml", "name: shop");
        Directory.CreateDirectory(Path.Combine(_terminal.StateRoot, "shop"));
        Assert.Equal(Exit.Done, await _terminal.RunAsync("down"));
        Assert.Equal("stopped what was left in shop\n", _terminal.Out);
    }

    [Fact]
    public async Task Logs_name_the_replica_on_each_line_and_choose_by_service_or_replica()
    {
        _terminal.Write("compose.yaml", "name: shop");
        var logs = Directory.CreateDirectory(Path.Combine(_terminal.StateRoot, "shop", "logs")).FullName;
        foreach (var replica in (string[])["order-9", "order-10", "order-lite-1", "web-1"])
            File.WriteAllText(Path.Combine(logs, replica + ".log"), $"first of {replica}\nlast of {replica}\n");
        Assert.Equal(Exit.Done, await _terminal.RunAsync("logs", "order", "web-1", "--tail", "1"));
        Assert.Equal("order-9  | last of order-9\norder-10 | last of order-10\nweb-1    | last of web-1\n",
            _terminal.Out);
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync("logs", "nobody"));
    }

    [Fact]
    public async Task Logs_show_only_lines_that_match_and_tell_replicas_apart_by_colour_on_a_terminal()
    {
        using var terminal = new Terminal { Columns = 80 };
        foreach (var each in (Terminal[])[_terminal, terminal])
        {
            each.Write("compose.yaml", "name: shop");
            var logs = Directory.CreateDirectory(Path.Combine(each.StateRoot, "shop", "logs")).FullName;
            File.WriteAllText(Path.Combine(logs, "order-1.log"), "all is well\nconnection refused\n");
            File.WriteAllText(Path.Combine(logs, "web-1.log"), "a timeout came\n");
        }
        Assert.Equal(Exit.Done, await _terminal.RunAsync("logs", "--grep", "timeout|refused"));
        Assert.Equal("order-1 | connection refused\nweb-1   | a timeout came\n", _terminal.Out);
        Assert.Equal(Exit.Done, await terminal.RunAsync("logs", "--grep", "timeout|refused"));
        Assert.Equal("\e[36morder-1 |\e[0m connection \e[1;31mrefused\e[0m\n" +
                     "\e[33mweb-1   |\e[0m a \e[1;31mtimeout\e[0m came\n", terminal.Out);
        using var json = new Terminal { Entrances = terminal.Entrances };
        json.Variables["TANGRAM_HOST"] = Path.Combine(terminal.StateRoot, "shop", "tangram.sock");
        Assert.Equal(Exit.Done, await json.RunAsync("logs", "web-1", "--json"));
        Assert.Equal(new LogLineView("web-1", "a timeout came"), ViewJson.Read<LogLineView>(json.Out));
    }

    [Fact]
    public async Task The_description_of_the_api_needs_no_cluster()
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync("api"));
        Assert.Equal(OpenApi.Text(), _terminal.Out);
    }
}
