using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tangram.ClusterTests.Routing.Tls;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing.Tcp;

public sealed class TcpTests : IAsyncLifetime
{
    private readonly TcpBackend _good = new("good");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;
    public ValueTask DisposeAsync() => _good.DisposeAsync();

    [Fact]
    public async Task The_server_may_speak_first_and_either_may_end_first()
    {
        await using var bed = await TcpBed.StartAsync(new(), _good.Port);
        using var client = await bed.ConnectAsync();
        Assert.Equal("good\n", await ReadAsync(client, 5));
        await client.SendAsync("to the end"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("to the end", await ReadAsync(client));

        _good.EndsFirst = true;
        using var other = await bed.ConnectAsync();
        Assert.Equal("good\n", await ReadAsync(other));
        await other.SendAsync("still heard"u8.ToArray());
        other.Shutdown(SocketShutdown.Send);
        await GatewayBed.UntilAsync(() => _good.Heard.Contains("still heard"));
    }

    [Fact]
    public async Task A_cut_is_passed_on_as_a_cut()
    {
        await using var bed = await TcpBed.StartAsync(new(), _good.Port);
        _good.Resets = true;
        using var client = await bed.ConnectAsync();
        await client.SendAsync("x"u8.ToArray());
        await Assert.ThrowsAsync<SocketException>(() => ReadAsync(client));
    }

    [Fact]
    public async Task What_refuses_is_left_for_another()
    {
        await using var bed = await TcpBed.StartAsync(
            new(), GatewayBed.ClosedPort(), GatewayBed.ClosedPort(), _good.Port);
        for (var i = 0; i < 10; i++)
        {
            using var client = await bed.ConnectAsync();
            Assert.Equal("good\n", await ReadAsync(client, 5));
        }
    }

    [Fact]
    public async Task Where_nobody_is_the_connection_ends()
    {
        await using var bed = await TcpBed.StartAsync(new());
        using var client = await bed.ConnectAsync();
        await EndsAsync(client);
    }

    [Fact]
    public async Task A_connection_counts_at_its_backend_until_it_has_ended()
    {
        await using var bed = await TcpBed.StartAsync(new(), _good.Port);
        using var client = await bed.ConnectAsync();
        Assert.Equal("good\n", await ReadAsync(client, 5));
        var idle = new TaskCompletionSource();
        bed.Gateway.BecameIdle += _ => idle.TrySetResult();
        bed.Bed.Route([], draining: [_good.Port]);
        Assert.Single(bed.Gateway.Busy);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadAsync(client));
        await idle.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.Empty(bed.Gateway.Busy);
    }

    [Fact]
    public async Task Where_nothing_moves_it_ends()
    {
        await using var bed = await TcpBed.StartAsync(new(Idle: TimeSpan.FromMilliseconds(200)), _good.Port);
        using var client = await bed.ConnectAsync();
        Assert.Equal("good\n", await ReadAsync(client, 5));
        await EndsAsync(client);
    }

    [Theory]
    [InlineData(1, "PROXY TCP4 127.0.0.1 127.0.0.1 ")]
    [InlineData(2, "\r\n\r\n\0\r\nQUIT\n")]
    public async Task The_server_learns_of_the_client(int version, string begin)
    {
        await using var bed = await TcpBed.StartAsync(new(SendProxy: version), _good.Port);
        using var client = await bed.ConnectAsync();
        await client.SendAsync("hello"u8.ToArray());
        await GatewayBed.UntilAsync(() => _good.Heard.Any(said => said.EndsWith("hello", StringComparison.Ordinal)));
        var heard = Encoding.Latin1.GetBytes(string.Concat(_good.Heard));
        Assert.StartsWith(begin, Encoding.Latin1.GetString(heard), StringComparison.Ordinal);
        Assert.Equal(Begun.Whole, ProxyHeader.Read(heard, out var header, out _));
        Assert.Equal(client.LocalEndPoint, header.Source);
    }

    [Fact]
    public async Task Who_the_balancer_before_us_names_is_passed_on_and_who_does_not_say_is_refused()
    {
        await using var bed = await TcpBed.StartAsync(new(AcceptProxy: true, SendProxy: 1), _good.Port);
        using var client = await bed.ConnectAsync();
        // In pieces, as a network may.
        await client.SendAsync("PROXY TCP4 192.0.2.7 198.51"u8.ToArray());
        await client.SendAsync(".100.1 7 443\r\nhello"u8.ToArray());
        await GatewayBed.UntilAsync(() => string.Concat(_good.Heard).EndsWith("hello", StringComparison.Ordinal));
        Assert.Equal("PROXY TCP4 192.0.2.7 198.51.100.1 7 443\r\nhello", string.Concat(_good.Heard));
        using var rude = await bed.ConnectAsync();
        await rude.SendAsync("hello"u8.ToArray());
        await EndsAsync(rude);
    }

    [Fact]
    public async Task Tls_is_passed_on_undecrypted_by_the_host_that_is_asked_for()
    {
        using var certificates = new TestCertificates();
        var files = certificates.Issue("own", ["a.shop.test"]);
        using var own = X509Certificate2.CreateFromPemFile(files.Cert, files.Key);
        _good.Tls = own;
        await using var bed = await TcpBed.StartAsync(new(Sni: "*.shop.test"), _good.Port);
        using var tls = new SslStream(new NetworkStream(await bed.ConnectAsync(), ownsSocket: true), false,
            (_, shown, _, _) => shown!.Equals(own));
        await tls.AuthenticateAsClientAsync("a.shop.test");
        var got = new byte[5];
        await tls.ReadExactlyAsync(got);
        Assert.Equal("good\n", Encoding.ASCII.GetString(got));
        using var stranger = new SslStream(new NetworkStream(await bed.ConnectAsync(), ownsSocket: true));
        await Assert.ThrowsAnyAsync<IOException>(() => stranger.AuthenticateAsClientAsync("elsewhere.test"));
        using var plain = await bed.ConnectAsync();
        await plain.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        await EndsAsync(plain);
    }

    [Fact]
    public async Task Http_too_learns_of_the_client_from_a_balancer_before()
    {
        var backend = new RawBackend("web", (_, _) => Act.Answer);
        await using (backend)
        await using (var bed = await TcpBed.StartAsync(new(), backend.Port))
        {
            var port = GatewayBed.ClosedPort();
            Assert.Empty(await bed.Gateway.ListenAsync([new Listener("127.0.0.1", port) { Proxied = true }]));
            using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(IPAddress.Loopback, port);
            await client.SendAsync("PROXY TCP4 192.0.2.7 198.51.100.1 7 443\r\nGET / HTTP/1.1\r\n"u8.ToArray());
            await client.SendAsync("Host: a\r\nConnection: close\r\n\r\n"u8.ToArray());
            Assert.StartsWith("HTTP/1.1 200", await ReadAsync(client), StringComparison.Ordinal);
            Assert.Contains("X-Forwarded-For: 192.0.2.7", Assert.Single(backend.Heads), StringComparison.Ordinal);
            using var rude = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await rude.ConnectAsync(IPAddress.Loopback, port);
            await rude.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            await EndsAsync(rude);
            Assert.Single(backend.Heads);
        }
    }

    private static async Task EndsAsync(Socket client)
    {
        try { Assert.Equal("", await ReadAsync(client)); }
        catch (SocketException) { return; }
    }

    /// <summary>To the end, or so many.</summary>
    private static async Task<string> ReadAsync(Socket client, int bytes = int.MaxValue)
    {
        var (text, buffer) = (new StringBuilder(), new byte[1024]);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        while (text.Length < bytes)
        {
            var got = await client.ReceiveAsync(buffer, patience.Token);
            if (got == 0) break;
            text.Append(Encoding.Latin1.GetString(buffer, 0, got));
        }
        return text.ToString();
    }
}
