using System.Collections.Concurrent;
using System.Net;
using Tangram.Proving;

namespace Tangram.Bench.Anchors;

/// <summary>Requests at a fixed rate, whether or not those before were answered; latency from when each was due.
/// `tangram load` does not tell the latency of good answers from that of refusals, which matters here.</summary>
internal sealed class OpenLoop(string url) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null,
    });

    public sealed record Result(int Sent, int Ok, int Refused, double PerSecond, double P50, double P99, double Late);

    /// <param name="warmUp">Of the time, what is not counted.</param>
    /// <param name="at">Called at moments of the run.</param>
    public async Task<Result> RunAsync(double rate, TimeSpan lasts, TimeSpan warmUp, TimeSpan timeout,
        params (TimeSpan At, Action Act)[] at)
    {
        var all = new ConcurrentBag<(TimeSpan Due, HttpStatusCode? Status, TimeSpan Took)>();
        var running = new ConcurrentBag<Task>();
        var late = TimeSpan.Zero;
        var pace = new LoadPace(TimeProvider.System, CancellationToken.None);
        await Task.Factory.StartNew(() =>
        {
            var next = 0;
            for (var i = 0; i < rate * lasts.TotalSeconds; i++)
            {
                var due = TimeSpan.FromSeconds(i / rate);
                pace.WaitUntil(due);
                if (pace.Now - due > late) late = pace.Now - due;
                if (next < at.Length && due >= at[next].At) at[next++].Act();
                running.Add(Task.Run(async () => all.Add((due, await AskAsync(timeout), pace.Now - due))));
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(running);
        var counted = all.Where(one => one.Due >= warmUp).ToArray();
        var good = counted.Where(one => one.Status == HttpStatusCode.OK)
            .Select(one => one.Took.TotalMilliseconds).Order().ToArray();
        double At(double share) => good.Length == 0 ? double.NaN : good[(int)(good.Length * share)];
        return new Result(counted.Length, good.Length,
            counted.Count(one => one.Status == HttpStatusCode.ServiceUnavailable),
            good.Length / (lasts - warmUp).TotalSeconds, At(0.5), At(0.99), late.TotalMilliseconds);
    }

    /// <summary>A closed loop of so many clients: good answers a second.</summary>
    public async Task<double> MostAsync(int clients, TimeSpan lasts)
    {
        var (good, begun) = (0, TimeProvider.System.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (TimeProvider.System.GetElapsedTime(begun) < lasts)
                if (await AskAsync(TimeSpan.FromSeconds(10)) == HttpStatusCode.OK) Interlocked.Increment(ref good);
        })));
        return good / TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
    }

    /// <summary>Which replica answers to each key; eight at once.</summary>
    public async Task<string[]> PlacesAsync(int keys)
    {
        var places = new string[keys];
        var eight = new ParallelOptions { MaxDegreeOfParallelism = 8 };
        await Parallel.ForAsync(0, keys, eight, async (key, cancellation) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Add("X-Key", $"key-{key}");
            using var response = await _client.SendAsync(request, cancellation);
            places[key] = await response.Content.ReadAsStringAsync(cancellation);
        });
        return places;
    }

    private async Task<HttpStatusCode?> AskAsync(TimeSpan timeout)
    {
        using var patience = new CancellationTokenSource(timeout);
        try
        {
            using var response = await _client.GetAsync(url, patience.Token);
            return response.StatusCode;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();
}
