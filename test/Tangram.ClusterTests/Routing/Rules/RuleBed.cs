using System.Net;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.ClusterTests.Routing.Rules;

/// <summary>A gateway that follows a Compose file, with one backend for each of its services; and a client that follows
/// no redirect.</summary>
internal sealed class RuleBed : IAsyncDisposable
{
    private readonly GatewayBed _bed;
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false, UseCookies = false, AllowAutoRedirect = false,
    });

    private RuleBed(GatewayBed bed, ClusterSpec spec) => (_bed, Spec) = (bed, spec);

    public ClusterSpec Spec { get; }
    public GatewayBed Gateway => _bed;
    public Dictionary<string, EchoBackend> Backends { get; } = [];

    /// <param name="services">Below <c>services:</c>, each in two columns; what stands on top follows after a line of
    /// <c>---</c>.</param>
    public static async Task<RuleBed> StartAsync(string services)
    {
        var parts = services.Split("---\n");
        var text = "services:\n" + string.Concat(parts[0].Split('\n').Select(line => $"  {line}\n"))
            + (parts.Length > 1 ? parts[1] : "");
        var spec = Read(text);
        var bed = new RuleBed(await GatewayBed.StartAsync(), spec);
        foreach (var service in spec.Services)
            bed.Backends.Add(service.Name.Value, await EchoBackend.StartAsync(service.Name.Value));
        bed._bed.Publish(spec, [.. bed.Backends.Select(b => (ServiceName.Of(b.Key), b.Value.Port, 1))]);
        return bed;
    }

    private static ClusterSpec Read(string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            var read = ComposeFile.Load(new([file]), _ => null);
            Assert.True(read.Spec is not null, string.Join('\n', read.Problems));
            return read.Spec;
        }
        finally
        {
            File.Delete(file);
        }
    }

    public async Task<HttpResponseMessage> SendAsync(
        string path, string host = "shop.local", HttpMethod? method = null, HttpContent? body = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri(_bed.Url, path));
        request.Content = body;
        request.Headers.Host = host;
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await _client.SendAsync(request);
    }

    /// <summary>What the backend said, line by line; the first is its name.</summary>
    public async Task<string[]> AskAsync(
        string path, string host = "shop.local", HttpMethod? method = null, HttpContent? body = null,
        params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(path, host, method, body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode}: {text}");
        return text.Split('\n');
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        foreach (var backend in Backends.Values) backend.Release();
        await _bed.DisposeAsync();
        foreach (var backend in Backends.Values) await backend.DisposeAsync();
    }
}
