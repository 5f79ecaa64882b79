using System.Globalization;
using Tangram.Deploying;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>The wall clocks of what runs on a node go ahead, or behind. How its replicas date their answers tells what
/// became of it.</summary>
internal sealed class WrongClocks(FaultOrder order, FaultPlace place) : HeldFault
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(1);

    private readonly long _mark = Random.Shared.NextInt64(1, long.MaxValue);
    private int _moved;

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        var seconds = (long)order.Offset.TotalSeconds;
        var found = NodeProcesses.Of(order, place);
        Keep(new FaultMend(0, MendKind.Clock) { Mark = _mark });
        foreach (var process in found)
        {
            Keep(FaultMend.Continues(process.Pid, process.StartTime));
            try
            {
                await ProcessClock.MoveAsync(process.Pid, seconds, _mark, time).ConfigureAwait(false);
                _moved++;
            }
            // Such as a check's program, which has ended meanwhile.
            catch (FaultMissedException) when (!Lives(process)) { }
        }
        return _moved > 0 ? $"the wall clocks of {Count(_moved)} are {Off(order.Offset)}"
            : throw new FaultMissedException("what ran there has ended");
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        var dated = _moved == 0 ? "" : await DatedAsync(time).ConfigureAwait(false);
        var (right, wrong) = (0, "");
        foreach (var pid in ProcessClock.Moved(_mark))
            try
            {
                if (ProcessStat.Read(pid) is { } process) Keep(FaultMend.Continues(pid, process.StartTime));
                await ProcessClock.RestoreAsync(pid, _mark, time).ConfigureAwait(false);
                right++;
            }
            catch (FaultMissedException e) { wrong = e.Message; }
        return wrong.Length > 0 ? throw new FaultMissedException(wrong)
            : $"{dated}those of {Count(right)} are right again";
    }

    private static bool Lives(ProcessStat process) =>
        ProcessStat.Read(process.Pid) is { Ended: false } now && now.StartTime == process.StartTime;

    /// <summary>All are asked at once: those that hang are not to keep the others' clocks off.</summary>
    private async Task<string> DatedAsync(TimeProvider time)
    {
        using var client = new HttpClient { Timeout = AnswersWithin };
        var all = await Task.WhenAll(order.Replicas.Where(replica => replica.Port is not null)
            .Select(replica => DatedAsync(client, replica, time))).ConfigureAwait(false);
        return all.OfType<string>().FirstOrDefault() ?? "";
    }

    private static async Task<string?> DatedAsync(HttpClient client, StruckReplica replica, TimeProvider time)
    {
        try
        {
            using var asked = new HttpRequestMessage(HttpMethod.Head, $"http://127.0.0.1:{replica.Port}/");
            using var answer = await client.SendAsync(asked).ConfigureAwait(false);
            return answer.Headers.Date is { } date
                ? $"{replica.Replica} dated an answer {Off(Whole(date - time.GetUtcNow()))}; " : null;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException) { return null; }
    }

    /// <summary>A date has no fraction of a second, and a server may keep one for a second.</summary>
    private static TimeSpan Whole(TimeSpan span) => TimeSpan.FromSeconds(Math.Ceiling(span.TotalSeconds));

    private static string Off(TimeSpan by) => by == TimeSpan.Zero ? "by the true time"
        : string.Create(CultureInfo.InvariantCulture, $"{by.Duration().TotalSeconds:0} s ") +
          (by > TimeSpan.Zero ? "ahead" : "behind");

    private static string Count(int processes) => processes == 1 ? "1 process" : $"{processes} processes";
}
