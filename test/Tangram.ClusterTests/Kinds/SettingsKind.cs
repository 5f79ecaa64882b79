using Tangram.Deploying;

namespace Tangram.ClusterTests.Kinds;

internal sealed class SettingsKind() : Kind("settings")
{
    private const string Token = "open-sesame", OtherToken = "close-barley";

    public override Running[] Before => [new("web", 3, "1")];
    public override Running[] After => Before;

    public override void Change(KindCluster cluster)
    {
        cluster.Edit("app.json", ("20", "50"));
        cluster.Edit("token.example", (Token, OtherToken));
    }

    public override Task UpAsync(KindCluster cluster) => ReadsAsync(cluster, "20", Token, OtherToken);
    public override Task ChangedAsync(KindCluster cluster) => ReadsAsync(cluster, "50", OtherToken, Token);
    public override Task BackAsync(KindCluster cluster) => ReadsAsync(cluster, "20", Token, OtherToken);

    /// <summary>Every replica reads the new content; the secret opens, and stands nowhere in its environment.</summary>
    private static async Task ReadsAsync(KindCluster cluster, string size, string right, string wrong)
    {
        foreach (var replica in await cluster.OfAsync("web"))
        {
            var at = $"http://127.0.0.1:{replica.Port}";
            var configs = (await cluster.GetAsync(at)).GetProperty("configs");
            Assert.Equal(
                [$$"""{ "page_size": {{size}} }""", "welcome to the shop", "north"],
                from name in new[] { "APP_JSON", "MOTD", "REGION" }
                select configs.GetProperty($"TANGRAM_CONFIG_{name}").GetString());
            using var opened = await cluster.AskAsync($"{at}/private", right);
            using var refused = await cluster.AskAsync($"{at}/private", wrong);
            Assert.Equal((200, 401), ((int)opened.StatusCode, (int)refused.StatusCode));
            Assert.DoesNotContain(ProcessStat.EnvironmentOf(replica.Pid!.Value), entry => entry.Contains(right));
        }
    }
}
