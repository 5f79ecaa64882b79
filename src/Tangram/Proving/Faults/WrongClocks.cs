using System.Globalization;
using Tangram.Deploying;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>The wall clocks of what runs on a node go ahead, or behind. How its replicas date their answers tells what
/// became of it.</summary>
internal sealed class WrongClocks(FaultOrder order, FaultPlace place) : HeldFault
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(1);

    private readonly List<ProcessStat> _moved = [];

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        var seconds = (long)order.Offset.TotalSeconds;
        foreach (var process in NodeProcesses.Of(order, place))
        {
            Keep(FaultMend.Continues(process.Pid, process.StartTime));
            Keep(new FaultMend(0, MendKind.Clock) { Pid = process.Pid, Life = process.StartTime });
            _moved.Add(process);
            try { await ProcessClock.MoveAsync(process.Pid, seconds, time).ConfigureAwait(false); }
            // Such as a check's program, which has ended meanwhile.
            catch (FaultMissedException) when (!Lives(process)) { _moved.Remove(process); }
        }
        if (_moved.Count == 0) throw new FaultMissedException("what ran there has ended");
        return $"the wall clocks of {Count(_moved.Count)} are {Off(order.Offset)}";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        var dated = await DatedAsync(time).ConfigureAwait(false);
        // What was forked meanwhile has the same clock.
        var living = _moved.Where(Lives).Concat(Forked()).DistinctBy(process => process.Pid).ToList();
        foreach (var process in living)
            try { await ProcessClock.RestoreAsync(process.Pid, time).ConfigureAwait(false); }
            // It has ended, or is counted below.
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FaultMissedException) { }
        var wrong = living.Count(process => ProcessClock.IsMoved(process.Pid));
        return wrong > 0 ? throw new FaultMissedException($"the clocks of {Count(wrong)} are off still")
            : $"{dated}those of {Count(living.Count)} are right again";
    }

    private static bool Lives(ProcessStat process) =>
        ProcessStat.Read(process.Pid) is { Ended: false } now && now.StartTime == process.StartTime;

    private IEnumerable<ProcessStat> Forked()
    {
        try { return NodeProcesses.Of(order, place); }
        // They have ended, or others are in their place.
        catch (FaultMissedException) { return []; }
    }

    private async Task<string> DatedAsync(TimeProvider time)
    {
        using var client = new HttpClient { Timeout = AnswersWithin };
        foreach (var replica in order.Replicas.Where(replica => replica.Port is not null))
            try
            {
                using var asked = new HttpRequestMessage(HttpMethod.Head, $"http://127.0.0.1:{replica.Port}/");
                using var answer = await client.SendAsync(asked).ConfigureAwait(false);
                if (answer.Headers.Date is not { } date) continue;
                return $"{replica.Replica} dated an answer {Off(Whole(date - time.GetUtcNow()))}; ";
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException) { }
        return "";
    }

    /// <summary>A date has no fraction of a second, and a server may keep one for a second.</summary>
    private static TimeSpan Whole(TimeSpan span) => TimeSpan.FromSeconds(Math.Ceiling(span.TotalSeconds));

    private static string Off(TimeSpan by) => by == TimeSpan.Zero ? "by the true time"
        : string.Create(CultureInfo.InvariantCulture, $"{by.Duration().TotalSeconds:0} s ") +
          (by > TimeSpan.Zero ? "ahead" : "behind");

    private static string Count(int processes) => processes == 1 ? "1 process" : $"{processes} processes";
}
