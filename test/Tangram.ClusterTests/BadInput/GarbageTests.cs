using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests.BadInput;

/// <summary>What a scanner, a mistaken client or a bored neighbour sends to any port that is open.</summary>
[Collection(nameof(Alone))]
public sealed class GarbageTests
{
    /// <summary>More than half of the descriptors that each process may have (1,024).</summary>
    private const int Silent = 700, MostGrowth = 120 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), Held = TimeSpan.FromSeconds(4);

    /// <summary>The beginning of a TLS 1.2 handshake that announces 508 bytes and ends early.</summary>
    private static readonly byte[] HalfHandshake =
        [0x16, 0x03, 0x01, 0x01, 0xfc, 0x01, 0x00, 0x01, 0xf8, 0x03, 0x03, 7, 7];

    [Fact]
    public async Task Garbage_on_every_port_harms_nobody()
    {
        // Given a small cluster that serves
        var chance = Figures.Chance(nameof(GarbageTests));
        var (house, server, agent, gateway) = await SmallHouse.ReadyAsync(encrypted: true);
        await using var mine = house;
        var before = await house.PidsAsync();
        var (memory, lines) = (SmallHouse.Memory(server, agent, gateway), house.Printed().Split('\n').Length);
        EndPoint[] ports =
        [
            .. ((int[])[house.ServerPort, house.AgentPort, house.GatewayPort, .. house.ServicePorts()])
                .Select(port => new IPEndPoint(IPAddress.Loopback, port)),
            new UnixDomainSocketEndPoint(house.Socket),
        ];

        // When each port gets all of it, and hundreds of connections that say nothing or a byte now and then
        await Task.WhenAll(ports.Select(port => (Port: port, Garbage: Garbage(chance).ToList()))
            .Select(async all => { foreach (var bytes in all.Garbage) await SendAsync(all.Port, bytes); }));
        var held = new List<Socket>();
        foreach (var port in ports)
            for (var i = 0; i < Silent; i++)
                if (await OpenAsync(port) is { } socket) held.Add(socket);
        for (var passed = 0; passed < 4; passed++)
        {
            foreach (var socket in held.Where((_, i) => i % 10 == 0)) Drip(socket);
            await Until.PassedAsync(Held / 4);
        }
        foreach (var socket in held) socket.Dispose();
        await WithoutCertificateAsync(house.ServerPort);

        // Then all is well: nothing ended or was replaced, memory is bounded, and the log has a line or two about it
        await house.ReadyAsync();
        Assert.Equal(before, await house.PidsAsync());
        using var http = new HttpClient { Timeout = Patience };
        await Until.SomeAsync(async () => await AnswerAsync(http, house.Gateway), Patience * 5, house.Printed);
        Assert.All((Child[])[server, agent, gateway], child => Assert.False(child.HasEnded, child.Printed));
        var grown = SmallHouse.Memory(server, agent, gateway) - memory;
        var said = house.Printed().Split('\n').Length - lines;
        Assert.True(grown < MostGrowth, $"{grown >> 20} MB more");
        Assert.True(said <= 8, house.Printed());
        Assert.DoesNotContain("Exception", house.Printed());
        Figures.Note($"{nameof(GarbageTests)}: {held.Count} silent connections; " +
                     $"{grown >> 20} MB more in three processes, {said} lines in their logs");
    }

    private static IEnumerable<byte[]> Garbage(Random chance)
    {
        for (var i = 0; i < 20; i++)
        {
            var bytes = new byte[1 << chance.Next(0, 17)];
            chance.NextBytes(bytes);
            yield return bytes;
        }
        yield return HalfHandshake;
        yield return "GET / HTTP/1.1\r\nhost: x\r\n\r\n"u8.ToArray();
        yield return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();
        yield return [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Enumerable.Repeat((byte)0xff, 4096)];
        yield return Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nx-much: {new string('a', 1 << 20)}\r\n\r\n");
        yield return Encoding.ASCII.GetBytes(
            "POST /v1/deploy HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{\"x\":[[[[");
        yield return Encoding.ASCII.GetBytes("POST /v1/scale HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nnull");
        yield return "GET /v1/why/%00%ff%2e%2e%2f HTTP/1.1\r\nhost: x\r\n\r\n"u8.ToArray();
        yield return "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n"u8.ToArray();
    }

    private static async Task SendAsync(EndPoint port, byte[] bytes)
    {
        using var socket = await OpenAsync(port);
        if (socket is null) return;
        using var patience = new CancellationTokenSource(Patience / 4, TimeProvider.System);
        try
        {
            await socket.SendAsync(bytes, patience.Token);
            await socket.ReceiveAsync(new byte[4096], patience.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
        }
    }

    private static async Task<Socket?> OpenAsync(EndPoint port)
    {
        var unix = port is UnixDomainSocketEndPoint;
        var socket = new Socket(port.AddressFamily, SocketType.Stream,
            unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(Patience / 4, TimeProvider.System);
        try
        {
            await socket.ConnectAsync(port, patience.Token);
            return socket;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static void Drip(Socket socket)
    {
        try { socket.Send("G"u8); }
        catch (SocketException) { /* It was closed, rightly. */ }
    }

    private static async Task WithoutCertificateAsync(int port)
    {
        using var client = new TcpClient("127.0.0.1", port);
        await using var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        try
        {
            await tls.AuthenticateAsClientAsync("x");
            await tls.ReadExactlyAsync(new byte[1]);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
        }
    }

    private static async Task<string?> AnswerAsync(HttpClient http, Uri gateway)
    {
        try { return await http.GetStringAsync(gateway); }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException) { return null; }
    }
}
