using System.Net;
using System.Net.Sockets;
using Tangram.ClusterTests.Coordinating;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.BadInput;

/// <summary>What `tangram server --etcd URL` says when that is no etcd of use.</summary>
public sealed class NotEtcdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_etcd_that_is_too_old_is_told() =>
        await SaysAsync((await FalseEtcd.StartAsync("3.3.27", 7)).Endpoint,
            "is version 3.3.27, which is too old: Tangram needs watches that can be split, from 3.4 on");

    [Fact]
    public async Task A_closed_port_is_told()
    {
        var port = ShopCluster.FreePort();
        await SaysAsync($"http://127.0.0.1:{port}", $"http://127.0.0.1:{port}", "refused");
    }

    [Fact]
    public async Task A_plain_web_server_is_told()
    {
        using var web = new HttpListenerLike();
        await SaysAsync($"http://127.0.0.1:{web.Port}", $"http://127.0.0.1:{web.Port}", "is that etcd");
    }

    [Fact]
    public async Task A_port_that_says_nothing_is_told()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";
        await SaysAsync(url, $"{url} did not answer within");
    }

    [Fact]
    public async Task Tls_where_there_is_none_and_none_where_there_is_are_told()
    {
        await using var plain = await FalseEtcd.StartAsync("3.6.9", 7);
        await using var house = SmallHouse.Given(encrypted: true);
        await SaysAsync(house, plain.Endpoint.Replace("http:", "https:"), "is that etcd, and with TLS?");
        using var authority = new TestAuthority("x");
        await using var encrypted = await EtcdCluster.StartAsync(new EtcdClusterOptions { Tls = authority.Issue("etcd") });
        await SaysAsync(encrypted.Members[0].Endpoint.Replace("https:", "http:"), "is that etcd, and without TLS?");
    }

    private static async Task SaysAsync(string etcd, params string[] words)
    {
        await using var house = SmallHouse.Given();
        await SaysAsync(house, etcd, words);
    }

    /// <summary>It says so once, waits, and does not end: all machines of a cluster may be starting.</summary>
    private static async Task SaysAsync(SmallHouse house, string etcd, params string[] words)
    {
        var server = house.StartServer("--etcd", etcd);
        await Until.SomeAsync(() => Task.FromResult(
            server.Printed.Contains("the store does not answer: ") ? server.Printed : null), Patience, house.Printed);
        Assert.All(words, word => Assert.Contains(word, server.Printed));
        Assert.Contains("What runs goes on; nothing can be changed until it does", server.Printed);
        Assert.False(server.HasEnded);
        Figures.Note(server.Printed.Split('\n').First(l => l.Contains("the store does not answer")));
    }

    /// <summary>Answers everything with a page.</summary>
    private sealed class HttpListenerLike : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        public HttpListenerLike()
        {
            _listener.Start();
            _serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose()
        {
            _listener.Dispose();
            _serving.Wait(Patience);
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var socket = await _listener.AcceptSocketAsync();
                    await socket.ReceiveAsync(new byte[1024]);
                    await socket.SendAsync("HTTP/1.1 400 Bad Request\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"u8.ToArray());
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
            }
        }
    }
}
