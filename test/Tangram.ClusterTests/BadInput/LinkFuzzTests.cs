using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Wire = Tangram.Coordinating.Link.Wire;

namespace Tangram.ClusterTests.BadInput;

/// <summary>An agent with a true certificate and false intentions.</summary>
[Collection(nameof(Alone))]
public sealed class LinkFuzzTests
{
    private const int Messages = 2_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly Marshaller<byte[]> Raw = new(bytes => bytes, bytes => bytes);

    [Fact]
    public async Task Whatever_an_agent_sends_it_ends_no_server_and_changes_no_other_nodes_keys()
    {
        // Given a cluster, and an agent n9 that is admitted
        var chance = Figures.Chance(nameof(LinkFuzzTests));
        var (house, server, agent, gateway) = await SmallHouse.ReadyAsync(encrypted: true);
        await using var mine = house;
        var tls = MutualTls.Open(house.Folder(PeerRole.Agent, "n9").Path, TimeProvider.System, _ => { });
        var options = new LinkOptions(house.Cluster, tls.Identity, []) { Tls = tls.ClientOptions };
        using var channel = new LinkChannel($"127.0.0.1:{house.ServerPort}", options);
        using var toServer = Channel(house.ServerPort, tls, PeerRole.Server);
        using var toAgent = Channel(house.AgentPort, tls, PeerRole.Agent);
        var lease = (await channel.Server.LeaseAsync(new Wire.LeaseAsk { TtlMs = 3_000 }, Call(channel))).Lease;
        var before = (await RangeAsync(channel)).ToDictionary(p => p.Key);
        var (pids, words) = (await house.PidsAsync(), new Words(chance, lease, before.Values.ToList()));

        // When it sends what nobody should
        for (var i = 0; i < Messages; i++)
        {
            var (method, bytes) = words.Next();
            await SendAsync(method == "Beat" && i % 2 == 0 ? toAgent : toServer, method, bytes);
        }

        // Then everybody runs, and the keys of others are as they were
        Assert.All((Child[])[server, agent, gateway], child => Assert.False(child.HasEnded, child.Printed));
        var after = await RangeAsync(channel);
        foreach (var pair in after.Where(p => !Mine(p.Key)))
        {
            var was = before[pair.Key];
            Assert.Equal((was.CreateRevision, was.Lease), (pair.CreateRevision, pair.Lease));
            if (!pair.Key.StartsWith(Keys.GatewayPrefix, StringComparison.Ordinal)) Assert.Equal(was.Value, pair.Value);
        }
        Assert.Subset(after.Select(p => p.Key).ToHashSet(), before.Keys.ToHashSet());
        Assert.All(after.Where(p => p.Key == "seen/n9"), p => Assert.Null(RelayedDocument.Problem(p.Key, p.Value)));
        await house.ReadyAsync();
        Assert.Equal(pids, await house.PidsAsync());
        Assert.DoesNotContain("Exception", house.Printed());
        Figures.Note($"{nameof(LinkFuzzTests)}: {Messages} messages, {words.Sensible} of them well-formed; " +
                     $"{after.Count} keys");
    }

    private static bool Mine(string key) => key.EndsWith("/n9", StringComparison.Ordinal);

    private static CallOptions Call(LinkChannel channel) => channel.Call(TestContext.Current.CancellationToken);

    private static async Task<List<Wire.Pair>> RangeAsync(LinkChannel channel) =>
        [.. (await channel.Server.RangeAsync(new Wire.RangeAsk(), Call(channel))).Pairs];

    private static GrpcChannel Channel(int port, MutualTls tls, PeerRole to) => GrpcChannel.ForAddress(
        $"https://127.0.0.1:{port}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { SslOptions = tls.ClientOptions(to) }, DisposeHttpClient = true,
        });

    private static async Task SendAsync(GrpcChannel channel, string name, byte[] bytes)
    {
        var service = name == "Beat" ? "tangram.link.v1.Hearer" : "tangram.link.v1.Server";
        var kind = name switch
        {
            "Beat" => MethodType.ClientStreaming,
            "Watch" or "Files" => MethodType.ServerStreaming,
            _ => MethodType.Unary,
        };
        var method = new Method<byte[], byte[]>(kind, service, name, Raw, Raw);
        using var patience = new CancellationTokenSource(kind == MethodType.Unary ? Patience : Patience / 100,
            TimeProvider.System);
        var (invoker, call) = (channel.CreateCallInvoker(), new CallOptions(cancellationToken: patience.Token));
        try
        {
            switch (kind)
            {
                case MethodType.Unary:
                    await invoker.AsyncUnaryCall(method, null, call, bytes);
                    break;
                case MethodType.ServerStreaming:
                    using (var stream = invoker.AsyncServerStreamingCall(method, null, call, bytes))
                        await stream.ResponseStream.MoveNext(patience.Token);
                    break;
                default:
                    using (var stream = invoker.AsyncClientStreamingCall(method, null, call))
                    {
                        await stream.RequestStream.WriteAsync(bytes, patience.Token);
                        await stream.RequestStream.CompleteAsync();
                        await stream.ResponseAsync;
                    }
                    break;
            }
        }
        catch (Exception e) when (LinkChannel.Expected(e) || e is InvalidOperationException)
        {
        }
    }

    /// <summary>Messages that are right in form and wrong in content, and half of them then broken in form.</summary>
    private sealed class Words(Random chance, long own, IReadOnlyList<Wire.Pair> others)
    {
        private static readonly string Said = Json.Write(new Seen
        {
            Incarnation = 1, Zone = ZoneName.Of("a"), Address = "127.0.0.1", Link = "127.0.0.1:7", Instance = "n9",
            Replicas = EquatableArray.Create([new SeenReplica { Replica = ReplicaName.Of("web-1"), Port = 9 }]),
        });

        public int Sensible { get; private set; }

        public (string Method, byte[] Bytes) Next()
        {
            var (method, message) = chance.Next(10) switch
            {
                0 => ("Greet", (IMessage)new Wire.GreetAsk { Protocol = chance.Next(3), ClockMs = chance.NextInt64() }),
                1 => ("Range", new Wire.RangeAsk { Prefix = Key() }),
                2 => ("Watch", new Wire.WatchAsk { Prefix = Key(), FromRevision = chance.Next(-5, 50) }),
                3 => ("Lease", new Wire.LeaseAsk
                {
                    Kind = (Wire.LeaseAsk.Types.Kind)chance.Next(4), Lease = Lease(), TtlMs = chance.NextInt64(),
                }),
                4 => ("Files", new Wire.FilesAsk { Hash = Text() }),
                5 => ("Keep", new Wire.FilesAsk { Hash = Text() }),
                6 => ("Beat", new Wire.Heartbeat
                {
                    From = chance.Next(2) == 0 ? "n9" : Text(), Incarnation = chance.NextInt64(), Unheard = { Text() },
                }),
                _ => ("Commit", new Wire.CommitAsk
                {
                    Compares = { Some(Comparison) }, Then = { Some(Operation) }, Else = { Some(Operation) },
                }),
            };
            var bytes = message.ToByteArray();
            if (chance.Next(2) == 0) return (method, Broken(bytes));
            Sensible++;
            return (method, bytes);
        }

        private IEnumerable<T> Some<T>(Func<T> make) => Enumerable.Range(0, chance.Next(3)).Select(_ => make());

        private Wire.Comparison Comparison() => new()
        {
            Key = Key(), Target = chance.Next(-1, 6), Result = chance.Next(-1, 6), Number = chance.Next(9),
            Text = Text(),
        };

        private Wire.Operation Operation() => new()
        {
            Kind = (Wire.Operation.Types.Kind)chance.Next(5), Key = Key(), Value = Document(), Lease = Lease(),
        };

        private string Key() => chance.Next(3) switch
        {
            0 => "seen/n9",
            1 => "gateways/n9",
            _ => chance.Next(4) == 0 ? Text() : Other().Key,
        };

        private long Lease() => chance.Next(4) switch { 0 => 0, 1 => own, 2 => Other().Lease, _ => chance.Next() };

        private string Document() => chance.Next(3) switch
        {
            0 => Said,
            1 => Other().Value,
            _ => string.Concat(Said.Select(c => chance.Next(40) == 0 ? (char)chance.Next(32, 127) : c)),
        };

        private Wire.Pair Other() => others[chance.Next(others.Count)];

        private string Text() => chance.Next(4) switch
        {
            0 => "", 1 => new string('x', chance.Next(5_000)), 2 => "../../n1\0\n", _ => Other().Key,
        };

        private byte[] Broken(byte[] bytes)
        {
            var broken = bytes.ToList();
            for (var i = chance.Next(1, 6); i > 0; i--)
            {
                var at = chance.Next(broken.Count + 1);
                if (chance.Next(3) == 0) broken.Insert(at, (byte)chance.Next(256));
                else if (at < broken.Count && chance.Next(2) == 0) broken[at] ^= (byte)(1 << chance.Next(8));
                else if (at < broken.Count) broken.RemoveRange(at, Math.Min(broken.Count - at, chance.Next(1, 4)));
            }
            return [.. broken];
        }
    }
}
