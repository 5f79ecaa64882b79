using System.Net;
using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Model;

namespace Tangram.ClusterTests.Coordinating;

public sealed class HeartbeatLineTests
{
    private const int Lines = 40;

    [Fact]
    public async Task A_line_that_is_closed_while_it_writes_ends_without_an_error()
    {
        var (cluster, node, port) = ("c", NodeName.Of("n1"), FreePort.Take());
        var heard = 0;
        await using var listener = await LinkListener.StartAsync(new IPEndPoint(IPAddress.Loopback, port), tls: null,
            new HearerDoor(new LinkIdentity(cluster, encrypted: false), _ => Interlocked.Increment(ref heard)),
            server: null, TestContext.Current.CancellationToken);
        var options = new LinkOptions(cluster, new PeerIdentity(cluster, PeerRole.Agent, node), []);
        for (var i = 0; i < Lines; i++)
        {
            var line = new HeartbeatLine($"127.0.0.1:{port}", PeerRole.Agent, options, TimeProvider.System);
            using var flood = new CancellationTokenSource();
            var flooding = Task.Run(() =>
            {
                while (!flood.IsCancellationRequested) line.Send(new Message(node, 1, []));
            }, TestContext.Current.CancellationToken);
            var before = Volatile.Read(ref heard);
            await Until.SomeAsync(() => Task.FromResult(Volatile.Read(ref heard) > before ? this : null),
                TimeSpan.FromSeconds(10), () => "a heartbeat arrives");
            await line.DisposeAsync();
            await flood.CancelAsync();
            await flooding;
        }
    }
}
