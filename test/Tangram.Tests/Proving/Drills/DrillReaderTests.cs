using Tangram.Cli;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Drills;

public sealed class DrillReaderTests
{
    [Fact]
    public void Reads_what_is_written_and_takes_the_rest_from_the_cluster()
    {
        var drill = Read("""
            about: something breaks
            hypothesis: { availability: 99.9%, recovery_time: 5s }
            steady: 1s
            load: { path: /api, rate: 20, duration: 8s }
            faults:
              - { kind: node-lost, target: a-1, at: 3s, for: 2s }
              - { kind: replica-killed }
            """);
        Assert.Equal(("mine", "something breaks", 0.999, TimeSpan.FromSeconds(5)),
            (drill.Name, drill.About, drill.Availability, drill.Recovery));
        Assert.Null(drill.LatencyP99);
        Assert.Equal(("/api", 20, 160), (drill.Load.Path, drill.Load.Rate, drill.Load.Planned));
        // By their time.
        Assert.Equal([FaultKind.ReplicaKilled, FaultKind.NodeLost], drill.Faults.Select(f => f.Kind));
        Assert.Equal(("a-1", TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2)),
            (drill.Faults[1].Target, drill.Faults[1].At, drill.Faults[1].For));
    }

    [Fact]
    public void Clocks_go_ahead_or_behind_and_disks_are_slow_as_written()
    {
        var faults = Read("faults: [ { kind: clock-off, offset: -1h30s }, { kind: clock-off, at: 1s }, " +
            "{ kind: disk-slow, at: 2s, rate: 5 } ]").Faults;
        Assert.Equal([-TimeSpan.FromSeconds(3630), FaultSpec.UsualOffset], faults.Take(2).Select(f => f.Offset));
        Assert.Equal(5, faults[2].Rate);
    }

    [Theory]
    [InlineData("faults: [ { kind: replica-kiled } ]", "mine.yaml:1:19: 'kind' is 'replica-kiled'", "replica-killed")]
    [InlineData("faults: [ { target: a } ]", "mine.yaml:1:11: this fault has no kind", "replica-killed")]
    [InlineData("faults: [ { kind: replica-killed, for: 3s } ]", "mine.yaml:1:40: replica-killed strikes", "delete")]
    [InlineData("faults: [ { kind: leader-lost, target: a } ]", "mine.yaml:1:40: leader-lost has no target", "delete")]
    [InlineData("faults: [ { kind: node-lost, at: 30s } ]", "mine.yaml:1:34: this is after the end", "earlier")]
    [InlineData("faults: [ { kind: node-lost, target: '!' } ]", "mine.yaml:1:38: '!' is not a name", "name a node")]
    [InlineData("faults: [ { kind: node-lost, at: 3 } ]", "mine.yaml:1:34: 'at' is '3'", "write '3s'")]
    [InlineData("faults: [ { kind: link-cut, delay: 1s } ]", "mine.yaml:1:36: link-cut has no delay", "delete it")]
    [InlineData("faults: [ { kind: node-lost, share: 5% } ]", "mine.yaml:1:37: node-lost has no share", "delete it")]
    [InlineData("faults: [ { kind: link-loss, share: 0 } ]", "mine.yaml:1:37: 'share' is '0'", "such as 10%")]
    [InlineData("faults: [ { kind: link-loss, share: 70%, burst: 2 } ]", "mine.yaml:1:49: so large", "longer burst")]
    [InlineData("faults: [ { kind: link-loss, burst: 0.5 } ]", "mine.yaml:1:37: 'burst' is '0.5'", "1 to 1000")]
    [InlineData("faults: [ { kind: link-delay, jitter: 1s } ]", "mine.yaml:1:39: 'jitter' is more", "the delay")]
    [InlineData("faults: [ { kind: link-delay, delay: 2m } ]", "mine.yaml:1:38: 'delay' is longer", "1m or less")]
    [InlineData("faults: [ { kind: link-bandwidth, bandwidth: 10 } ]", "mine.yaml:1:46: 'bandwidth'", "10mbit")]
    [InlineData("faults: [ { kind: clock-off, offset: 0 } ]", "mine.yaml:1:38: 'offset' is '0'", "-90s")]
    [InlineData("faults: [ { kind: clock-off, offset: 1.5s } ]", "'offset' is '1.5s'", "whole seconds")]
    [InlineData("faults: [ { kind: clock-off, offset: --1h } ]", "'offset' is '--1h'", "whole seconds")]
    [InlineData("faults: [ { kind: disk-slow, rate: 0.5 } ]", "mine.yaml:1:36: 'rate' is '0.5'", "at least 1")]
    [InlineData("faults: [ { kind: node-lost, shared: true } ]", "mine.yaml:1:38: node-lost has no shared", "delete")]
    [InlineData("load: { rate: 50 }", "mine.yaml:1:1: this drill breaks nothing", "write faults:")]
    [InlineData("fault: []", "mine.yaml:1:1: 'fault' is not a key of a drill", "write 'faults'")]
    [InlineData("path: /", "mine.yaml:1:1: 'path' is not a key of a drill", "honoured here")]
    [InlineData("load: { url: ftp://x/ }\nrandom: 1", "mine.yaml:1:14: 'url' is 'ftp://x/'", "whole URL")]
    [InlineData("load: { rate: 0 }\nrandom: 1", "mine.yaml:1:15: 'rate' is out of bounds", "more than 0")]
    [InlineData("load: { path: api }\nrandom: 1", "mine.yaml:1:15: 'path' is 'api'", "write '/api'")]
    [InlineData("hypothesis: { availability: 101% }\nrandom: 1", "mine.yaml:1:29: 'availability'", "a share")]
    [InlineData("faults: [ { kind: network-cut, delay: 1s } ]", "network-cut has no delay", "delete")]
    [InlineData("faults: [ { kind: node-lost, share: 1% } ]", "node-lost has no share", "delete")]
    [InlineData("faults: [ { kind: network-loss, share: 120% } ]", "'share' is '120%'", "at most 100 %")]
    [InlineData("faults: [ { kind: network-loss, share: 0 } ]", "'share' is '0'", "more than 0 %")]
    [InlineData("faults: [ { kind: network-loss, share: 100% } ]", "all of it would be lost", "network-cut")]
    [InlineData("faults: [ { kind: network-loss, share: 80%, burst: 2 } ]", "such short bursts", "write 4 or more")]
    [InlineData("faults: [ { kind: network-delay, delay: -1s } ]", "'delay' is '-1s'", "such as")]
    [InlineData("faults: [ { kind: network-delay, delay: 5m } ]", "longer than a minute", "1m or less")]
    [InlineData("faults: [ { kind: network-delay, delay: 1s, jitter: 2s } ]", "more than the delay", "or less")]
    [InlineData("faults: [ { kind: network-bandwidth, bandwidth: 5 } ]", "'bandwidth' is '5'", "10mbit")]
    [InlineData("faults: [ { kind: network-cut, direction: up } ]", "'direction' is 'up'", "both or to or from")]
    [InlineData("faults: [ { kind: answer-wrong, status: 99 } ]", "'status'", "200")]
    [InlineData("faults: [ { kind: answer-half, target: '!' } ]", "'!' is not a name", "replica, service or zone")]
    [InlineData("a: [", "this is not YAML", "brackets")]
    [InlineData(" ", "mine.yaml: the file is empty", "--print")]
    public void Says_where_and_what_is_wrong_and_what_to_do(string text, string what, string remedy)
    {
        var refused = Assert.Throws<CommandFailure>(() => Read(text));
        Assert.Equal(Exit.Arguments, refused.ExitCode);
        Assert.Contains(what, refused.Message);
        Assert.Contains(remedy, refused.Message);
        Assert.Contains("nothing was begun", refused.Message);
    }

    [Fact]
    public void Reads_how_far_a_path_shall_be_impaired()
    {
        var faults = Read("""
            faults:
              - { kind: network-delay, delay: 50ms, jitter: 10ms, direction: from }
              - { kind: network-loss, share: 5%, burst: 3 }
              - { kind: network-bandwidth, bandwidth: 160kbit }
              - { kind: answer-wrong, share: 50%, status: 503 }
              - { kind: network-corrupt }
              - { kind: network-cut, direction: to }
              - { kind: node-lost }
            """).Faults.Select(fault => fault.Impairment).ToList();
        Assert.Equal(
        [
            new() { Delay = TimeSpan.FromMilliseconds(50), Jitter = TimeSpan.FromMilliseconds(10),
                Direction = StreamDirection.From },
            new() { Share = 0.05, Burst = 3 },
            new() { Bandwidth = 20_000 },
            new() { Share = 0.5, Status = 503, Direction = StreamDirection.From },
            new() { Share = 0.05, Direction = StreamDirection.From },
            new() { Direction = StreamDirection.To },
            null,
        ], faults);
    }

    [Fact]
    public void Reads_what_a_link_is_asked_and_takes_what_is_usual_for_the_rest()
    {
        var drill = Read("""
            faults:
              - { kind: link-delay, target: a-1, to: 10.0.0.2, delay: 80ms, jitter: 20ms }
              - { kind: link-loss, share: 5%, burst: 3 }
              - { kind: link-reorder }
              - { kind: link-bandwidth, bandwidth: 1.5mbit }
              - { kind: link-cut }
            """);
        Assert.Equal(
        [
            new LinkSpec
            {
                To = "10.0.0.2", Delay = TimeSpan.FromMilliseconds(80), Jitter = TimeSpan.FromMilliseconds(20),
            },
            new LinkSpec { Loss = 0.05, Burst = 3 },
            new LinkSpec { Reorder = 0.25, ReorderBy = TimeSpan.FromMilliseconds(20) },
            new LinkSpec { BitsPerSecond = 1_500_000 },
            new LinkSpec { Cut = true },
        ], drill.Faults.Select(fault => fault.Link));
    }

    [Fact]
    public void Every_ready_drill_can_be_read_and_says_what_it_does()
    {
        Assert.Contains("replica-loss", DrillFiles.Ready);
        foreach (var name in DrillFiles.Ready)
        {
            var drill = DrillFiles.Load(name);
            Assert.Equal(name, drill.Name);
            Assert.NotEqual("", drill.About);
        }
    }

    private static DrillSpec Read(string text) => DrillFiles.Read(text, "mine.yaml", "mine", _ => null).Ours!;
}
