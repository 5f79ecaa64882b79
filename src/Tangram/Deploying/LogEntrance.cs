using System.Runtime.CompilerServices;
using Tangram.Cli;

namespace Tangram.Deploying;

/// <summary>`tangram logs`: the lines of one replica.</summary>
internal static class LogEntrance
{
    public static async IAsyncEnumerable<string> ReadAsync(LogRequest request, TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = new LogReader(new LogFiles(request.Folder), time);
        var from = request.Tail is { } tail ? reader.OffsetOfLast(request.Replica, tail) : 0;
        await foreach (
            var line in reader.ReadAsync(request.Replica, from, request.Follow, cancellation).ConfigureAwait(false))
            yield return line.Text;
    }
}
