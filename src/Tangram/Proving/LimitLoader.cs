using Tangram.Proving.Capacity;

namespace Tangram.Proving;

/// <summary>Carries out the steps of a search for a limit, each to its end and to the end of its last answer.</summary>
internal sealed class LimitLoader(LoadOptions options, LimitOptions limit, TimeProvider time) : IDisposable
{
    /// <summary>Connections are made, and a queue fills up, within this; it is not measured.</summary>
    private TimeSpan Settling => limit.Step / 4;

    private readonly LoadClient _client = new(
        options with { Connections = Math.Max(options.Connections, limit.MostUsers) },
        Guid.NewGuid().ToString("N")[..12], time);
    private readonly Lock _lock = new();
    private readonly LoadSchedule _classes = new(options);
    private long _index;

    /// <summary>Cancelling ends it early, with a step that says so.</summary>
    public async Task<LimitStep> OfferAsync(LimitLoad load, CancellationToken cancellation)
    {
        var (begun, cpu) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var step = load.Users is { } users
            ? await ClosedAsync(users, cancellation)
            : await OpenAsync(load.Rate!.Value, cancellation);
        var used = (Environment.CpuUsage.TotalTime - cpu) / time.GetElapsedTime(begun);
        return step with { Cpu = used / Environment.ProcessorCount };
    }

    public void Dispose() => _client.Dispose();

    private async Task<LimitStep> ClosedAsync(int users, CancellationToken cancellation)
    {
        using var over = new CancellationTokenSource();
        var pulse = new LoadPulse(time, over.Token);
        var record = new LimitRecord(Settling, Settling + limit.Step);
        var start = time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, users).Select(_ => Task.Run(UserAsync, CancellationToken.None)));
        await over.CancelAsync();
        return record.Step(LimitLoad.Closed(users), await pulse.HeldAsync(), cancellation.IsCancellationRequested);

        async Task UserAsync()
        {
            while (!cancellation.IsCancellationRequested)
            {
                var begun = time.GetElapsedTime(start);
                if (begun >= record.Until) return;
                var (@class, index) = Turn();
                var outcome = await _client.SendAsync(@class, index, cancellation);
                record.Add(begun, time.GetElapsedTime(start), outcome);
                // A refusal comes at once, and would be asked for again at once.
                if (outcome.Failure is not null)
                    await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
            }
        }
    }

    private async Task<LimitStep> OpenAsync(double rate, CancellationToken cancellation)
    {
        var result = await LoadRun.RunAsync(
            options with { Rate = rate, Duration = Settling + limit.Step, Users = null, Profile = null }, null, time,
            cancellation);
        var span = Math.Max((Settling + limit.Step).TotalSeconds, result.Elapsed.TotalSeconds);
        var throughput = result.Total.Ok / span;
        return new LimitStep
        {
            Load = LimitLoad.Open(rate), Throughput = throughput, Latency = result.Total.Latency,
            InFlight = result.Total.Latency.Count * result.Total.Latency.Mean.TotalSeconds / span,
            Ok = result.Total.Ok, Bad = result.Total.Bad, Held = result.Lateness.Mean, Cpu = 0,
            Interrupted = result.Interrupted,
        };
    }

    private (int Class, long Index) Turn()
    {
        lock (_lock) return (_classes.NextClass(_index), _index++);
    }
}

/// <summary>Counts what ends within a time, and how long what begins in it takes. From any thread.</summary>
internal sealed class LimitRecord(TimeSpan from, TimeSpan until)
{
    private readonly Lock _lock = new();
    private readonly LatencyHistogram _latency = new();
    private TimeSpan _inFlight;
    private long _ok, _bad, _answered;

    public TimeSpan Until => until;

    public void Add(TimeSpan begun, TimeSpan ended, LoadOutcome outcome)
    {
        var (within, last) = (begun > from ? begun : from, ended < until ? ended : until);
        lock (_lock)
        {
            if (last > within) _inFlight += last - within;
            if (outcome.Ok && ended >= from && ended < until) _answered++;
            if (begun < from) return;
            if (outcome.Ok) _ok++;
            else if (outcome.IsBad) _bad++;
            if (outcome.HasLatency) _latency.Add(ended - begun);
        }
    }

    public LimitStep Step(LimitLoad load, TimeSpan held, bool interrupted)
    {
        lock (_lock)
            return new LimitStep
            {
                Load = load, Throughput = _answered / (until - from).TotalSeconds,
                InFlight = _inFlight / (until - from),
                Latency = _latency.Summary(), Ok = _ok, Bad = _bad, Held = held, Cpu = 0, Interrupted = interrupted,
            };
    }
}
