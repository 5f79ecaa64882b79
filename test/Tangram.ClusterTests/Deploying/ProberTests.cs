using System.Net;
using System.Net.Sockets;
using System.Text;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class ProberTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(300);
    private readonly Prober _prober = new(TimeProvider.System);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, "")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", true, "")]
    [InlineData("HTTP/1.0 503 Busy\r\n\r\n", false, "GET /healthz answered 503")]
    [InlineData("SSH-2.0-OpenSSH_9\r\n", false, "not answered in HTTP")]
    [InlineData("", false, "closed the connection")]
    public async Task Reads_readiness_from_the_status(string answer, bool ready, string because)
    {
        using var listener = Listen(out var port);
        var serving = ServeAsync(listener, answer, close: true);
        var asked = await Http(port);
        Assert.Equal(ready, asked.Ready);
        Assert.Contains(because, asked.Because);
        Assert.StartsWith("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:", await serving);
    }

    [Fact]
    public async Task A_server_that_keeps_the_connection_open_is_not_waited_for()
    {
        using var listener = Listen(out var port);
        var serving = ServeAsync(listener, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", close: false);
        Assert.True((await Http(port)).Ready);
        await serving;
    }

    [Fact]
    public async Task Silence_ends_at_the_timeout()
    {
        using var listener = Listen(out var port);
        Assert.Contains("no answer on port", (await Http(port)).Because);
    }

    [Fact]
    public async Task Tcp_asks_only_whether_somebody_listens()
    {
        // Within the ephemeral range a connection may meet itself.
        var port = Assert.IsType<PortAnswer.Allocated>(new PortAllocator("prober").Allocate(Node.Order)).Port;
        using (Listen(out _, port))
            Assert.True((await Tcp()).Ready);
        Assert.Equal($"nothing listens on port {port}", (await Tcp()).Because);

        Task<ProbeAnswer> Tcp() => _prober.ProbeAsync(new ProbeSpec(ProbeKind.Tcp, ""), port, Soon, default);
    }

    [Fact]
    public async Task Cancelling_throws()
    {
        using var listener = Listen(out var port);
        using var ending = new CancellationTokenSource(Soon / 10, TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _prober.ProbeAsync(new ProbeSpec(ProbeKind.Http, "/"), port, TimeSpan.FromMinutes(1), ending.Token));
    }

    private Task<ProbeAnswer> Http(int port) =>
        _prober.ProbeAsync(new ProbeSpec(ProbeKind.Http, "/healthz"), port, Soon, default);

    private static Socket Listen(out int port, int wanted = 0)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, wanted));
        listener.Listen();
        port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        return listener;
    }

    private static async Task<string> ServeAsync(Socket listener, string answer, bool close)
    {
        var client = await listener.AcceptAsync();
        var buffer = new byte[4096];
        var read = await client.ReceiveAsync(buffer);
        await client.SendAsync(Encoding.ASCII.GetBytes(answer));
        if (close) client.Shutdown(SocketShutdown.Both);
        else while (await client.ReceiveAsync(new byte[1]) > 0) { }
        client.Dispose();
        return Encoding.ASCII.GetString(buffer, 0, read);
    }
}
