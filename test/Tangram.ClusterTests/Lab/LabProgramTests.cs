using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests.Lab;

/// <summary>What drills run in the lab.</summary>
[Collection(nameof(Alone))]
public sealed class LabProgramTests
{
    private const int Port = 8000;

    /// <summary>Each answer in one piece: http.server's own have two, 40 ms apart by Nagle's algorithm, and one would
    /// nearly always be cut in between.</summary>
    private static readonly string Serve = $"""
        import http.server as h
        answers = h.SimpleHTTPRequestHandler
        answers.wbufsize, answers.protocol_version = -1, 'HTTP/1.1'
        h.ThreadingHTTPServer(('', {Port}), answers).serve_forever()
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), InForce = TimeSpan.FromSeconds(4),
        Outage = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task Callers_with_two_addresses_lose_no_safe_request_when_one_of_them_loses_power()
    {
        // Given two servers and callers that know both
        await using var lab = TheLab.Build("a", "b");
        var (first, second, client) = (Server(lab, "a"), Server(lab, "b"), lab.AddMachine("client"));
        foreach (var server in (LabMachine[])[first, second]) await AnswersAsync(client, server);
        await using var load = LabLoad.Start(client, 100, null, [first.Url(Port), second.Url(Port)]);
        await Until.PassedAsync(InForce);

        // When one is gone for a while
        var fault = TimeProvider.System.GetUtcNow();
        first.PowerOff();
        await Until.PassedAsync(Outage);
        var result = await load.StopAsync();

        // Then requests took another address, late at worst
        Figures.Note($"{nameof(LabProgramTests)}: {result.Total.Elsewhere} of {result.Total.Sent} requests tried " +
                     $"another address, the slowest took {result.Total.Latency.Max.TotalMilliseconds:0} ms");
        Assert.True(result.Total.Bad == 0, $"{result.Examples()}\n{result.Troubles()}");
        Assert.True(result.Total.Elsewhere > 0 && result.Total.Sent > 1000, result.Troubles());
        Assert.True(result.Total.Latency.Max < TimeSpan.FromSeconds(5), result.Troubles());
        Assert.InRange(result.TroubledFor(fault, TimeSpan.FromMilliseconds(500)), TimeSpan.FromSeconds(0.1), Outage);
    }

    [Fact]
    public async Task Three_members_of_etcd_keep_their_majority_when_one_loses_power_and_it_comes_back()
    {
        // Given an etcd of three, one in each zone
        await using var lab = TheLab.Build("a", "b", "c");
        var (_, etcdctl) = (Needs.Program("etcd"), Needs.Program("etcdctl"));
        LabMachine[] members = [.. ((string[])["a", "b", "c"]).Select(zone => lab.AddMachine($"etcd-{zone}", zone))];
        var client = lab.AddMachine("client");
        foreach (var member in members) member.StartEtcd(members);
        await SaysAsync("kept", members, "put", "before", "kept", "OK");

        // When one is off
        members[0].PowerOff();

        // Then the others go on, and it catches up when it is back
        await SaysAsync("kept", members[1..], "put", "during", "too", "OK");
        members[0].PowerOn();
        members[0].StartEtcd(members);
        await SaysAsync("caught up", members[..1], "get", "during", "--print-value-only", "too");

        async Task SaysAsync(string what, LabMachine[] asked, params string[] commandAndAnswer)
        {
            var endpoints = string.Join(',', asked.Select(member => member.Etcd()));
            await Until.SomeAsync(async () =>
            {
                var (code, printed) = await client.RunAsync(Patience, [etcdctl, "--endpoints", endpoints,
                    "--dial-timeout", "1s", "--command-timeout", "2s", .. commandAndAnswer[..^1]]);
                return code == 0 && printed.Trim() == commandAndAnswer[^1] ? printed : null;
            }, Patience, () => $"{what}\n{client.Tail()}\n{asked[0].Tail()}");
        }
    }

    [Fact]
    public async Task Tangram_runs_on_a_machine_with_its_state_on_the_machines_disk()
    {
        await using var lab = TheLab.Build();
        var machine = lab.AddMachine("one");
        var (code, printed) = await machine.TangramAsync(Patience, "version", "--json");
        Assert.True(code == 0 && printed.Contains("version"), machine.Tail());
        Assert.Equal(3, (await machine.TangramAsync(Patience, "status")).Code);
    }

    private static LabMachine Server(TheLab lab, string zone)
    {
        var machine = lab.AddMachine($"server-{zone}", zone);
        machine.Start("server", [Needs.Program("python3"), "-c", Serve]);
        return machine;
    }

    private static async Task AnswersAsync(LabMachine client, LabMachine server)
    {
        using var http = client.Http(TimeSpan.FromSeconds(1));
        await Until.SomeAsync(async () =>
        {
            try
            {
                return await http.GetStringAsync(server.Url(Port));
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                return null;
            }
        }, Patience, server.Tail);
    }
}
