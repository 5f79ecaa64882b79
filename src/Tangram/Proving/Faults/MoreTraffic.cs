namespace Tangram.Proving.Faults;

/// <summary>Requests beside the drill's own, which alone are judged.</summary>
internal sealed class MoreTraffic(FaultTraffic traffic, TimeSpan lasts) : HeldFault
{
    private readonly CancellationTokenSource _enough = new();
    private Task<LoadResult> _run = null!;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        _run = Task.Run(() => LoadRun.RunAsync(new LoadOptions
        {
            // It is ended by us; a little longer than we last.
            Url = new Uri(traffic.Url), Rate = traffic.Rate, Duration = lasts + Patience, Method = traffic.Method,
            Also = [.. (traffic.Also ?? []).Select(url => new Uri(url))],
            Headers = traffic.Host is { } host ? [new LoadHeader("Host", host)] : [],
        }, null, time, _enough.Token));
        return Task.FromResult(FormattableString.Invariant($"{traffic.Rate:0.##} requests/s more"));
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        await _enough.CancelAsync().ConfigureAwait(false);
        var result = await _run.ConfigureAwait(false);
        _enough.Dispose();
        return FormattableString.Invariant($"{result.Total.Sent} requests at {result.Offered:0}/s, ") +
            $"{result.Total.Bad} failed, p99 {Words(result.Total.Latency.P99)}";
    }
}
