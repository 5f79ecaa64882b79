using System.Runtime.CompilerServices;
using Tangram.Cli;

namespace Tangram.Deploying;

/// <summary>`tangram logs`: the lines of one replica.</summary>
internal static class LogEntrance
{
    public static async IAsyncEnumerable<string> ReadAsync(LogRequest request, TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var logs = new LogFiles(request.Folder);
        var reader = new LogReader(logs, time);
        var from = request.Tail is { } tail ? reader.OffsetOfLast(request.Replica, tail) : 0;
        var log = logs.Of(request.Replica);
        var since = request.Since is { } moment ? new LogTimes(log).EndAt(moment) ?? 0 : 0;
        // Its end was noted in the middle of a line, perhaps: what follows that line's end is surely later. What is
        // kept begins with a whole line.
        var skips = since > Math.Max(from, log.Start());
        await foreach (var line in reader.ReadAsync(request.Replica, skips ? since - 1 : from, request.Follow,
            cancellation).ConfigureAwait(false))
        {
            if (!skips) yield return line.Text;
            skips = skips && !line.Whole;
        }
    }
}
