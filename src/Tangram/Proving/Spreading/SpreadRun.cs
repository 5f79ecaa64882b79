using Tangram.Cli;
using Tangram.Proving.Drills;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Spreading;

/// <summary>One load from several machines. Each is told its part and prepares it; when all are ready, all are told at
/// once to begin. When one is lost the others stop: what is left is not the load that was asked for.</summary>
internal sealed class SpreadRun : IAsyncDisposable
{
    /// <summary>The generator compiles its own code first, and asks for the address of the host.</summary>
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    private readonly LoadOptions _whole;
    private readonly string _run;
    private readonly List<PartLine> _lines;
    private readonly TimeProvider _time;

    private SpreadRun(LoadOptions whole, string run, List<PartLine> lines, TimeProvider time) =>
        (_whole, _run, _lines, _time) = (whole, run, lines, time);

    /// <summary>All are connected and told what to prepare, or a <see cref="CommandFailure"/> and none.</summary>
    /// <param name="log">All latencies by the second are wanted.</param>
    public static async Task<SpreadRun> OpenAsync(LoadRequest request, LoadOptions whole, bool log, TimeProvider time)
    {
        var addresses = request.Injectors.Distinct().ToList();
        var tls = DrillReach.Credentials(request.Tls, time);
        var (run, origin) = (Guid.NewGuid().ToString("N")[..12], time.GetTimestamp());
        var trust = request.CaFile is { } file ? LoadTrust.Text(file) : null;
        var part = request with { CaFile = null, Report = null, Hdr = null, Json = false };
        var opening = addresses.Select((address, machine) => PartLine.OpenAsync(address,
            new LoadOrder(part, machine, addresses.Count, run, trust, log), whole, tls, time, origin)).ToList();
        await ((Task)Task.WhenAll(opening)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var lines = new List<PartLine>();
        try
        {
            foreach (var task in opening.Where(task => task.IsCompletedSuccessfully))
                lines.Add(await task.ConfigureAwait(false));
            foreach (var task in opening) await task.ConfigureAwait(false);
            if (lines.GroupBy(line => line.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw CommandFailure.Arguments($"two injectors have the name {twice.Key}: give each one of its own");
            if (lines.Find(line => line.Cluster != lines[0].Cluster) is { } other)
                throw CommandFailure.Arguments($"the injector {other.Name} is of the cluster '{other.Cluster}', and " +
                    $"{lines[0].Name} is of '{lines[0].Cluster}': a load is made by machines of one");
            return new SpreadRun(whole, run, lines, time);
        }
        catch
        {
            foreach (var line in lines) await line.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>To the end of the load and of its last answer. Cancelling gives the results so far.</summary>
    public async Task<LoadResult> RunAsync(
        IProgress<LoadProgress>? progress, LatencyLog? log, CancellationToken cancellation)
    {
        await PrepareAsync(cancellation).ConfigureAwait(false);
        var startedAt = _time.GetUtcNow();
        foreach (var line in _lines) line.Go();
        using var over = new CancellationTokenSource();
        var reports = ReportAsync(progress, over.Token);
        using (cancellation.Register(StopAll))
            await Task.WhenAll(_lines.Select(StopWithAsync)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await reports.ConfigureAwait(false);
        var parts = new List<SpreadPart>();
        foreach (var line in _lines) parts.Add(line.Part(await line.Over.ConfigureAwait(false)));
        foreach (var (part, line) in parts.Zip(_lines))
            if (part.Lost is null && line.Log is { } pieces) log?.Add(pieces);
        return SpreadResult.Of(_whole, _run, startedAt, parts);
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_lines.Select(line => line.DisposeAsync().AsTask())).ConfigureAwait(false);

    private async Task PrepareAsync(CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(ReadyWithin, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        foreach (var line in _lines)
            try
            {
                if (await line.Ready.WaitAsync(either.Token).ConfigureAwait(false) is { } why)
                    throw new CommandFailure(Exit.Failed, $"{line.Name} cannot make its part: {why}. Nothing was sent");
            }
            catch (OperationCanceledException)
            {
                throw new CommandFailure(Exit.Failed, cancellation.IsCancellationRequested
                    ? "ended before it began: nothing was sent"
                    : $"{line.Name} was not ready within {ReadyWithin.TotalSeconds:0} s. Nothing was sent");
            }
    }

    private async Task StopWithAsync(PartLine line)
    {
        if (await line.Over.ConfigureAwait(false) is not null) StopAll();
    }

    private void StopAll()
    {
        foreach (var line in _lines) line.Stop();
    }

    private async Task ReportAsync(IProgress<LoadProgress>? progress, CancellationToken over)
    {
        if (progress is null) return;
        var planned = _whole.Users is null ? new LoadSchedule(_whole).Count : 0;
        using var timer = new PeriodicTimer(_whole.ReportEvery, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(over).ConfigureAwait(false))
                if (_lines.Select(line => line.Progress).OfType<LoadProgress>().ToList() is { Count: > 0 } told)
                    progress.Report(LoadProgress.Together(told, planned));
        }
        catch (OperationCanceledException) { }
    }
}
