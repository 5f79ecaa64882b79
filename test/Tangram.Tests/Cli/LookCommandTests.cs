using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Observing;

namespace Tangram.Tests.Cli;

/// <summary>The looks, through the API of a cluster that is not there.</summary>
public sealed class LookCommandTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Terminal _terminal = new();
    private readonly FakeCluster _cluster = new();
    private ApiServer? _server;

    private string Socket => SocketPlace.ForDaemon(_terminal.StateRoot, "shop", _ => null);

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_terminal.StateRoot, "shop"));
        _server = await ApiServer.StartAsync(_cluster.Port, Socket);
        _terminal.Write("compose.yaml", "name: shop");
        await _cluster.PutAsync(new Documents().Revision(1, Documents.Spec(1)).Asked(1).Rollout(1, 1, RolloutStage.Done)
            .Node("a-1", 1, "order-1").Gateway("g1", 1_000));
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _cluster.DisposeAsync();
        _terminal.Dispose();
    }

    private static async Task UntilAsync(Func<bool> holds, Func<string> what)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience, "it did not come about: " + what());
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private Task PrintedAsync(Terminal terminal, string text) => UntilAsync(
        () => (terminal.Out + terminal.Error).Contains(text, StringComparison.Ordinal),
        () => $"'{text}' in:\n{terminal.Out}\n{terminal.Error}");

    /// <summary>A terminal of its own that finds this cluster, and ends when told to.</summary>
    private Terminal Another(int? columns = null)
    {
        var terminal = new Terminal { Columns = columns };
        terminal.Variables["TANGRAM_HOST"] = SocketPlace.Of(_terminal.StateRoot, "shop");
        return terminal;
    }

    [Fact]
    public async Task Events_are_followed_across_a_restart_without_a_gap()
    {
        using var terminal = Another();
        _cluster.Events.Add("order-1", "one");
        var following = terminal.RunAsync("events", "--follow");
        await PrintedAsync(terminal, "one");
        await _server!.DisposeAsync();
        _cluster.Events.Add("order-1", "two, while nobody answers");
        _server = await ApiServer.StartAsync(_cluster.Port, Socket);
        await PrintedAsync(terminal, "two, while nobody answers");
        _cluster.Events.Add("order-1", "three");
        await PrintedAsync(terminal, "three");
        Assert.False(following.IsCompleted);
        Assert.DoesNotContain("not shown", terminal.Error);
        Assert.Equal(3, terminal.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Events_that_are_not_remembered_any_more_are_counted()
    {
        using var terminal = Another();
        _cluster.Events.Add("order-1", "one");
        var following = terminal.RunAsync("events", "--follow");
        await PrintedAsync(terminal, "one");
        await _server!.DisposeAsync();
        for (var i = 0; i < EventLog.Remembered + 7; i++) _cluster.Events.Add("order-1", "again");
        _server = await ApiServer.StartAsync(_cluster.Port, Socket);
        await PrintedAsync(terminal, "7 events between are not shown");
        Assert.False(following.IsCompleted);
    }

    [Fact]
    public async Task A_log_of_events_that_began_anew_is_said()
    {
        using var terminal = Another();
        for (var i = 0; i < 5; i++) _cluster.Events.Add("order-1", $"old {i}");
        var following = terminal.RunAsync("events", "--follow");
        await PrintedAsync(terminal, "old 4");
        await _server!.DisposeAsync();
        using var events = EventLog.At(Path.Combine(_cluster.Folder, "new.jsonl"), TimeProvider.System);
        events.Add("order-1", "new 0");
        _server = await ApiServer.StartAsync(_cluster.Port with { Events = events }, Socket);
        await PrintedAsync(terminal, "began anew");
        await PrintedAsync(terminal, "new 0");
        Assert.False(following.IsCompleted);
    }

    [Fact]
    public async Task Ps_that_watches_prints_what_changes_when_it_is_piped()
    {
        using var terminal = Another();
        var watching = terminal.RunAsync("ps", "--watch");
        await PrintedAsync(terminal, "order-1");
        await _cluster.PutAsync(new Documents().Node("b-1", ("order-2", 1, Phase.Starting)));
        await PrintedAsync(terminal, "order-2: starting on b-1");
        await _server!.DisposeAsync();
        await _cluster.PutAsync(new Documents().Node("b-1", ("order-2", 1, Phase.Ready)));
        _server = await ApiServer.StartAsync(_cluster.Port, Socket);
        await PrintedAsync(terminal, "order-2: ready on b-1");
        Assert.False(watching.IsCompleted);
        Assert.DoesNotContain("\e", terminal.Out);
    }

    [Theory]
    [InlineData("top")]
    [InlineData("ps", "--watch")]
    [InlineData("routes", "--watch")]
    public async Task On_a_terminal_it_takes_the_screen_until_q(params string[] command)
    {
        using var terminal = Another(columns: 60);
        _cluster.Traffic.Add(TrafficTests.Seen("g1"));
        var running = terminal.RunAsync(command);
        await PrintedAsync(terminal, "order-1");
        Assert.Contains("\e[?1049h", terminal.Out);
        terminal.Typed = 'q';
        Assert.Equal(Exit.Done, await running.WaitAsync(Patience, TimeProvider.System));
        Assert.EndsWith("\e[?1049l", terminal.Out);
    }

    [Fact]
    public async Task Top_shows_what_is_known_and_says_what_is_not()
    {
        _cluster.Readings["order-1"] =
            new ReplicaReading(100, 2, 45 << 20, new TrafficReading(InFlight: 3, Requests: 10, Failures: 0));
        await _cluster.PutAsync(new Documents().Node("b-1", 1, "order-2"));
        Assert.Equal(Exit.Done, await _terminal.RunAsync("top"));
        var lines = _terminal.Out.Split('\n');
        Assert.Matches(@"^order-1 .* 0\.0 % +45\.0 MiB +3 +0\.0 +0\.0$", lines[1]);
        Assert.Matches("^order-2 .*unknown +unknown +- +- +-$", lines[2]);
        using var json = Another();
        Assert.Equal(Exit.Done, await json.RunAsync("top", "--json"));
        Assert.Equal(3, ViewJson.Read<TopView>(json.Out).Replicas[0].InFlight);
    }

    [Fact]
    public async Task Routes_shows_what_all_gateways_see_or_one_of_them()
    {
        Assert.Equal(Exit.Done, await _terminal.RunAsync("routes"));
        Assert.Contains("No gateway has told", _terminal.Out);
        _cluster.Traffic.AddRange([TrafficTests.Seen("g1"), TrafficTests.Seen("g2")]);
        using var both = Another();
        Assert.Equal(Exit.Done, await both.RunAsync("routes", "order"));
        Assert.Matches(@"(?m)^shop.local/api +order +4 +200 +2 +0 +20.0 ms +1.50 s$", both.Out);
        Assert.Matches(@"(?m)^order +- +breaker open +- +4 +200 +2 +6 ", both.Out);
        Assert.Matches(@"(?m)^  order-1 +a-1 +ejected +50 % .* 12 s +it took no connection$", both.Out);
        using var one = Another();
        Assert.Equal(Exit.Done, await one.RunAsync("routes", "--gateway", "g2", "--json"));
        Assert.Equal("g2", Assert.Single(ViewJson.Read<RoutesView>(one.Out).Gateways).Gateway);
        using var none = Another();
        Assert.Equal(Exit.Arguments, await none.RunAsync("routes", "--gateway", "g3"));
        Assert.Contains("There are: g1, g2", none.Error);
        using var other = Another();
        await other.RunAsync("routes", "web");
        Assert.DoesNotContain("order", other.Out);
    }

    [Fact]
    public async Task Why_a_service_tells_of_its_breaker_and_of_what_is_ejected()
    {
        _cluster.Traffic.Add(TrafficTests.Seen("g1"));
        Assert.Equal(Exit.Done, await _terminal.RunAsync("why", "order"));
        Assert.Contains("Its breaker is open in g1, so requests are answered 503", _terminal.Out);
        Assert.Contains("g1 has ejected order-1: it took no connection.", _terminal.Out);
    }

    [Fact]
    public async Task A_look_at_an_old_state_says_so()
    {
        _cluster.Stale = new StaleView(TimeProvider.System.GetUtcNow().AddSeconds(-12), "connection refused – étcd");
        foreach (var look in (string[])["status", "ps", "history", "events", "top"])
        {
            using var terminal = Another();
            Assert.Equal(Exit.Done, await terminal.RunAsync(look));
            Assert.Matches("^warning: the store has not answered this server for 12(.[0-9]+)? s .connection refused",
                terminal.Error);
        }
        using var json = Another();
        await json.RunAsync("status", "--json");
        Assert.Equal(_cluster.Stale, ViewJson.Read<StatusView>(json.Out).Stale);
    }

    [Fact]
    public async Task No_colour_is_printed_where_none_is_wanted()
    {
        using var colourful = Another(columns: 200);
        await colourful.RunAsync("status");
        Assert.Contains("\e[", colourful.Out);
        using var plain = Another(columns: 200);
        plain.Variables["NO_COLOR"] = "1";
        foreach (var look in (string[])["status", "ps", "top --once", "history", "events"])
            await plain.RunAsync(look.Split(' '));
        Assert.DoesNotContain("\e", plain.Out);
        // Who wants no colours still has a screen.
        var top = plain.RunAsync("top");
        await PrintedAsync(plain, "q ends");
        plain.Typed = 'q';
        Assert.Equal(Exit.Done, await top.WaitAsync(Patience, TimeProvider.System));
        Assert.DoesNotMatch("\e\\[[0-9;]*m", plain.Out);
    }
}
