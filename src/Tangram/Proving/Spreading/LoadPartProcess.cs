using System.Diagnostics.CodeAnalysis;
using Tangram.Cli;

namespace Tangram.Proving.Spreading;

/// <summary>The process that makes a machine's part of a load. Its input is the order, then the word to begin; when the
/// input ends, so does the load, however whoever ordered it has ended.</summary>
internal sealed class LoadPartProcess(TextReader orders, TextWriter answers, TimeProvider time)
    : IProgress<LoadProgress>, IDisposable
{
    /// <summary>Hidden; an injector starts it.</summary>
    public const string Command = "load-part";

    /// <summary>So that no line is longer than about a megabyte, and others come between them.</summary>
    private const int SecondsPerLine = 1000, PiecesPerLine = 200;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    private readonly Lock _writing = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _told;

    public static async Task<int> RunAsync(Surroundings around)
    {
        using var part = new LoadPartProcess(around.In, around.Out, around.Clock);
        return await part.RunAsync().ConfigureAwait(false);
    }

    [SuppressMessage("Design", "CA1031", Justification = "whoever ordered it is told whatever goes wrong")]
    public async Task<int> RunAsync()
    {
        // Reading a console blocks its thread, whatever its name.
        if (await Task.Run(orders.ReadLine).ConfigureAwait(false) is not { } line) return Exit.Failed;
        var listening = ListenAsync();
        try
        {
            var order = LoadOrder.Read(line);
            var options = order.Options();
            var log = order.Log ? new LatencyLog([.. options.Classes.Select(c => c.Name)]) : null;
            var meeting = new LoadMeeting(order.Run, WaitAsync, Began);
            Tell(meeting, log, await LoadRun.RunAsync(options, this, time, _stop.Token, log, meeting)
                .ConfigureAwait(false));
        }
        catch (OperationCanceledException) { return Exit.Failed; }
        catch (Exception e)
        {
            Answer(new PartAnswer(PartWord.Failed) { What = e.Message.TrimEnd('.') });
            return Exit.Failed;
        }
        await listening.ConfigureAwait(false);
        return Exit.Done;
    }

    public void Report(LoadProgress value) => Answer(new PartAnswer(PartWord.Progress) { Progress = value });

    public void Dispose() => _stop.Dispose();

    private async Task ListenAsync()
    {
        while (await LineAsync().ConfigureAwait(false) is { } line)
            if (line == LoadOrder.Stop) await _stop.CancelAsync().ConfigureAwait(false);
            else if (line == LoadOrder.Go)
            {
                _told = time.GetTimestamp();
                _go.TrySetResult();
            }
        try { await _stop.CancelAsync().ConfigureAwait(false); }
        catch (ObjectDisposedException) { }
    }

    /// <summary>Null, too, when the heartbeats of whoever ordered it do not come any more.</summary>
    private async Task<string?> LineAsync()
    {
        try { return await Task.Run(orders.ReadLine).WaitAsync(Lease, time).ConfigureAwait(false); }
        catch (TimeoutException) { return null; }
    }

    private async Task WaitAsync(CancellationToken cancellation)
    {
        Answer(new PartAnswer(PartWord.Ready));
        await _go.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private void Began(long timestamp) =>
        Answer(new PartAnswer(PartWord.Began) { After = time.GetElapsedTime(_told, timestamp) });

    private void Tell(LoadMeeting meeting, LatencyLog? log, LoadResult result)
    {
        var book = meeting.Book!;
        foreach (var some in book.WrittenSeconds().Chunk(SecondsPerLine))
            Answer(new PartAnswer(PartWord.Counted) { Seconds = some });
        foreach (var some in (log?.Pieces() ?? []).Chunk(PiecesPerLine))
            Answer(new PartAnswer(PartWord.Counted) { Pieces = some });
        Answer(new PartAnswer(PartWord.Done)
        {
            Counts = new PartCounts(book.Written(), meeting.Reading?.Written(), result.Generator, result.MostInFlight,
                result.Interrupted),
        });
    }

    /// <summary>When nobody listens, the end of our input says so.</summary>
    private void Answer(PartAnswer answer)
    {
        lock (_writing)
            try
            {
                answers.WriteLine(answer.Write());
                answers.Flush();
            }
            catch (IOException) { }
    }
}
