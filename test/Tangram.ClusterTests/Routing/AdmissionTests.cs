using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tangram.Model;
using Tangram.Proving;

namespace Tangram.ClusterTests.Routing;

public sealed class AdmissionTests
{
    /// <summary>What the backend of the overload works on at once, and how long for each.</summary>
    private const int Places = 8;
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(25);

    [Fact]
    public async Task Who_is_not_let_in_is_told_so_before_anything_is_done()
    {
        await using var backend = new RawBackend("one", (_, _) => Act.Hold);
        await using var bed = await BedAsync(
            new AdmissionSpec { Limit = 1, Queue = 1, QueueTime = TimeSpan.FromMilliseconds(50) }, backend.Port);
        var first = bed.GetAsync();
        await GatewayBed.UntilAsync(() => backend.Requests == 1);
        using (var refused = await bed.Client.PostAsync(bed.Url, new StringContent("order")))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("overloaded", Assert.Single(refused.Headers.GetValues("Tangram-Error")));
            Assert.Equal("1", refused.Headers.RetryAfter?.ToString());
        }
        Assert.Equal(1, backend.Requests);
        backend.Release();
        Assert.Equal(HttpStatusCode.OK, (await first).Status);
        Assert.Equal(HttpStatusCode.OK, (await bed.GetAsync()).Status);
        var admission = bed.Gateway.Table.Find(GatewayBed.Order)!.Counters.Admission!;
        await GatewayBed.UntilAsync(() => admission.InFlight == 0);
        Assert.Equal((0, 1L), (admission.Waiting, admission.Refused));
    }

    [Fact]
    public async Task The_class_decides_who_is_let_in_next_and_only_trusted_callers_choose_it()
    {
        await using var backend = new RawBackend("one", (_, _) => Act.Hold);
        await using var bed = await BedAsync(
            new AdmissionSpec { Limit = 1, QueueTime = TimeSpan.FromSeconds(30) }, backend.Port);
        var admission = bed.Gateway.Table.Find(GatewayBed.Order)!.Counters.Admission!;
        var answers = new List<Task<HttpResponseMessage>> { AskAsync("/0", null) };
        await GatewayBed.UntilAsync(() => backend.Requests == 1);
        foreach (var (path, said) in new[] { ("/low", "low"), ("/high", "high"), ("/none", null) })
        {
            answers.Add(AskAsync(path, said));
            await GatewayBed.UntilAsync(() => admission.Waiting == answers.Count - 1);
        }
        backend.Release();
        foreach (var answer in answers) (await answer).Dispose();
        Assert.Equal(["/0", "/high", "/none", "/low"], backend.Heads.Select(head => head.Split(' ')[1]));

        // The bed trusts nobody from now on.
        bed.Publish(Spec(admission.Spec) with { TrustedProxies = [] }, (GatewayBed.Order, backend.Port, 1));
        (await AskAsync("/outside", "high")).Dispose();
        Assert.Contains("Tangram-Priority", backend.Heads.Single(head => head.Contains("/high")));
        Assert.DoesNotContain("Tangram-Priority", backend.Heads.Last());

        async Task<HttpResponseMessage> AskAsync(string path, string? priority)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(bed.Url, path));
            if (priority is not null) request.Headers.Add("Tangram-Priority", priority);
            return await bed.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task The_time_that_is_left_travels_and_ends_the_request()
    {
        await using var backend = new RawBackend("one", (line, _) => line.Contains("/held") ? Act.Hold : Act.Answer);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        Assert.Equal((HttpStatusCode.OK, null), await AskAsync("/", "5000"));
        var told = backend.Heads.Last().Split("\r\n").Single(line => line.StartsWith("Tangram-Timeout: "));
        Assert.InRange(int.Parse(told["Tangram-Timeout: ".Length..], CultureInfo.InvariantCulture), 1, 5000);
        Assert.Equal((HttpStatusCode.GatewayTimeout, "timed-out"), await AskAsync("/held", "150"));
        Assert.Equal((HttpStatusCode.GatewayTimeout, "deadline"), await AskAsync("/", "0"));
        Assert.Equal(2, backend.Requests);
        Assert.Equal((HttpStatusCode.OK, null), await AskAsync("/", "soon"));

        async Task<(HttpStatusCode, string?)> AskAsync(string path, string time)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(bed.Url, path));
            request.Headers.Add("Tangram-Timeout", time);
            using var response = await bed.Client.SendAsync(request);
            return (response.StatusCode,
                response.Headers.TryGetValues("Tangram-Error", out var error) ? error.Single() : null);
        }
    }

    /// <summary>Twice as many requests as the backend can do, with clients that leave after half a second. What is
    /// asked for here leaves room for a machine that does other work; `bench overload` measures.</summary>
    [Fact]
    public async Task A_backend_with_twice_its_load_goes_on_answering_in_time()
    {
        var most = Places / Work.TotalSeconds;
        var without = await LoadAsync(null);
        var with = await LoadAsync(new AdmissionSpec());
        TestContext.Current.TestOutputHelper?.WriteLine($"of at most {most:0}/s: {without}, with admission {with}");
        Assert.InRange(without.Goodput, 0, most / 2);
        Assert.InRange(with.Goodput, most * 0.6, most * 1.1);
        Assert.InRange(with.P99.TotalMilliseconds, 10, 450);

        async Task<(double Goodput, TimeSpan P99)> LoadAsync(AdmissionSpec? admission)
        {
            // Each its own, since it works on for those who have left.
            await using var app = await SlowBackendAsync();
            await using var bed = await BedAsync(admission, new Uri(app.Urls.First()).Port);
            var result = await LoadRun.RunAsync(new LoadOptions
            {
                Url = bed.Url, Rate = 2 * most, Duration = TimeSpan.FromSeconds(10),
                Timeout = TimeSpan.FromMilliseconds(500),
            }, null, TimeProvider.System, TestContext.Current.CancellationToken);
            // It needs a moment to find its limit.
            return (result.Seconds.Skip(4).Take(6).Average(second => second.Ok), result.Total.Latency.P99);
        }
    }

    private static async Task<WebApplication> SlowBackendAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var places = new SemaphoreSlim(Places);
        app.Run(async context =>
        {
            // It works for those who have left, too, as most programs do.
            await places.WaitAsync();
            await Task.Delay(Work, TimeProvider.System);
            places.Release();
            await context.Response.WriteAsync("done");
        });
        await app.StartAsync();
        return app;
    }

    private static ClusterSpec Spec(AdmissionSpec? admission) => new()
    {
        Name = "test", TrustedProxies = ["127.0.0.0/8"],
        Services =
        [
            new ServiceSpec
            {
                Name = GatewayBed.Order, Routes = [new RouteSpec(null, "/")],
                Traffic = new TrafficSpec { Admission = admission },
            },
        ],
    };

    private static async Task<GatewayBed> BedAsync(AdmissionSpec? admission, int port)
    {
        var bed = await GatewayBed.StartAsync();
        bed.Publish(Spec(admission), (GatewayBed.Order, port, 1));
        return bed;
    }
}
