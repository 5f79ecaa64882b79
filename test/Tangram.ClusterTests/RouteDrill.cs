using System.Net;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>Routes change while clients use the shop; TANGRAM_TURNS=100 for all of the changes.</summary>
[Collection(nameof(Alone))]
public sealed class RouteDrill
{
    private const string File = "compose.yaml";
    private static readonly int Reloads =
        int.TryParse(Environment.GetEnvironmentVariable("TANGRAM_TURNS"), out var turns) ? turns : 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string Shop =
        System.IO.File.ReadAllText(Path.Combine(Repository.Root, "examples", "shop", "compose.yaml"));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_notices_that_routes_change(bool keepAlive)
    {
        // Given a shop that runs under load
        await using var cluster = await ShopCluster.ReadyAsync();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
        await using var load = await ShopLoad.OnAsync(cluster, keepAlive: keepAlive);

        // When its routes change, again and again
        for (var turn = 1; turn <= Reloads; turn++)
        {
            cluster.Write("routes.yaml", With(turn));
            using (var deploy = cluster.Deploy("routes.yaml"))
                Assert.True(await deploy.EndAsync(Patience) == 0, deploy.Printed);
            // Then each is in force, and the one before is gone
            var (status, text) = await AskAsync(client, cluster, turn);
            Assert.True(status == (turn % 2 == 0 ? HttpStatusCode.OK : HttpStatusCode.RedirectKeepVerb),
                $"turn {turn}: {status} {text}");
            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(client, cluster, turn - 1)).Status);
        }

        // And no request has failed
        var result = await load.StopAsync();
        Figures.Note($"{nameof(RouteDrill)}: {Reloads} reloads of routes, " +
            $"{(keepAlive ? "with keep-alive" : "a connection for each request")}: {result.Words()}");
        result.NothingFailed(cluster);
    }

    /// <summary>A redirect in odd turns, a rewrite in even ones.</summary>
    private static string With(int turn) => Shop.Replace("listen: [\"http://127.0.0.1:8080\"]",
        "listen: [\"http://127.0.0.1:8080\"], routes: [ { host: drill.test, " + (turn % 2 == 0
            ? $"path_exact: /turn-{turn}, to: order, rewrite: /api/orders }} ]"
            : $"path_exact: /turn-{turn}, redirect: {{ path: /api/orders }} }} ]"));

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(
        HttpClient client, ShopCluster cluster, int turn)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(cluster.Gateway, $"turn-{turn}"));
        request.Headers.Host = "drill.test";
        using var answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
