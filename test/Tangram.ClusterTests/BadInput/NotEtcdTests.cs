using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tangram.ClusterTests.Coordinating;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.BadInput;

/// <summary>What `tangram server --etcd URL` says when that is no etcd of use.</summary>
public sealed class NotEtcdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Whatever_it_is_the_server_says_what_is_wrong_with_it_and_waits()
    {
        await using var old = await FalseEtcd.StartAsync("3.3.27", 7);
        await using var plain = await FalseEtcd.StartAsync("3.6.9", 7);
        await using var page = await PageAsync();
        using var authority = new TestAuthority("x");
        await using var encrypted = await EtcdCluster.StartAsync(
            new EtcdClusterOptions { Tls = authority.Issue("etcd") });
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var (nothing, quiet) = ($"http://127.0.0.1:{FreePort.Take()}", $"http://{silent.LocalEndpoint}");
        await using var house = SmallHouse.Given(encrypted: true);
        await Task.WhenAll(
            SaysAsync(old.Endpoint,
                "is version 3.3.27, which is too old: Tangram needs watches that can be split, from 3.4 on"),
            SaysAsync(nothing, $"{nothing}: Connection refused"),
            SaysAsync(page.Urls.Single(), page.Urls.Single(), "is that etcd, and without TLS?"),
            SaysAsync(quiet, $"{quiet} did not answer within"),
            SaysAsync(encrypted.Members[0].Endpoint.Replace("https:", "http:"), "is that etcd, and without TLS?"),
            SaysAsync(house, plain.Endpoint.Replace("http:", "https:"), "is that etcd, with TLS, and is '"));
    }

    [Fact]
    public async Task What_can_only_be_a_mistake_ends_it_with_a_sentence()
    {
        await using var house = SmallHouse.Given();
        var server = house.StartServer("--etcd", "http://10.0.0.1:2379");
        Assert.Equal(Cli.Exit.Failed, await server.EndAsync(Patience));
        Assert.Equal("etcd endpoint 'http://10.0.0.1:2379' is plain text to another machine: use https:// and " +
                     "certificates\n", server.Printed);
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

    /// <summary>A web server that knows HTTP/1 only.</summary>
    private static async Task<WebApplication> PageAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1));
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapFallback((RequestDelegate)(http => http.Response.WriteAsync("a page")));
        await app.StartAsync();
        return app;
    }
}
