using System.Text;
using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

/// <summary>What a secret holds goes to a server and comes back in no answer.</summary>
public sealed class SecretAnswerTests : IAsyncLifetime
{
    private const string Secret = "aardvark-7351-of-the-answers";
    private static readonly GrantSpec Token = new() { Name = "token", Target = "token", Mode = 256 };
    private static readonly string InBase64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret));

    private readonly FakeCluster _cluster = new();
    private ApiServer? _server;
    private ClusterClient? _client;

    public async ValueTask InitializeAsync()
    {
        var maker = new RevisionMaker(new RevisionFiles(Path.Combine(_cluster.Folder, "files")), _cluster.Store,
            () => _cluster.State);
        var socket = Path.Combine(_cluster.Folder, "tangram.sock");
        _server = await ApiServer.StartAsync(
            _cluster.Port with { Prepare = maker.KeepAsync, Hash = maker.Look }, socket);
        _client = new ClusterClient(new ClusterPlace("shop", socket, _cluster.Folder));
        await _cluster.PutAsync(new Documents().Revision(1, Documents.Spec(1)).Asked(1)
            .Rollout(1, 1, RolloutStage.Done).Node("a-1", 1, "order-1"));
    }

    public async ValueTask DisposeAsync()
    {
        _client!.Dispose();
        await _server!.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task No_answer_holds_what_a_secret_holds()
    {
        var spec = Documents.Spec(2);
        var body = Json.Write(spec with
        {
            Services = [spec.Services[0] with
            {
                Secrets = [Token],
            }],
            Tls = new TlsSpec { Certificates = [new("secret:token", "secret:token")], Secrets = [Token] },
            Contents = [new CarriedContent(GrantKind.Secret, "token", new Content(Encoding.UTF8.GetBytes(Secret)))],
        });
        Assert.Contains(InBase64, body);
        string[] answers =
        [
            await AskAsync("POST", "/v1/plan", body), await AskAsync("POST", "/v1/plan?json=true", body),
            await AskAsync("POST", "/v1/diff", body),
            // Somebody forgot to encode it, and somebody sent half of it.
            await AskAsync("POST", "/v1/deploy", body.Replace(InBase64, Secret)),
            await AskAsync("POST", "/v1/deploy", body[..(body.IndexOf(InBase64, StringComparison.Ordinal) + 20)]),
            await AskAsync("POST", "/v1/deploy", body), await AskAsync("POST", "/v1/deploy", body),
            .. await LooksAsync(),
        ];
        Assert.Contains("token", answers[0]);
        Assert.Equal(2, _cluster.State.Asked!.Value.Revision);
        Assert.All(answers, answer => Assert.DoesNotContain("aardvark", answer));
        Assert.All(answers, answer => Assert.DoesNotContain(InBase64[..12], answer));
    }

    /// <summary>Everything that can be looked at.</summary>
    private async Task<List<string>> LooksAsync()
    {
        var answers = new List<string>();
        foreach (var route in ApiRoute.All.Where(route => route.Method == "GET" && route.ThenGives is null))
            foreach (var subject in (string[])["order", "order-1", "shop"])
                answers.Add(await AskAsync("GET", route.Path.Replace("{subject}", subject)
                    .Replace("{before}", "1").Replace("{after}", "2")));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        await foreach (var item in _client!.WatchAsync(null, limit.Token))
        {
            answers.Add(item.Data);
            return answers;
        }
        Assert.Fail("the watch sent nothing");
        return answers;
    }

    private async Task<string> AskAsync(string method, string path, string? body = null)
    {
        try { return await _client!.SendAsync(new HttpMethod(method), path, body, default); }
        catch (CommandFailure refused) { return refused.Message; }
    }
}
