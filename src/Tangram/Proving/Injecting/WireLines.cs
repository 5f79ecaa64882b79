using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Tangram.Proving.Injecting;

/// <summary>Lines over one connection, each way, with a limit to their length. One reader; writers wait for each
/// other.</summary>
internal sealed class WireLines(Stream stream, int longest, TimeProvider time) : IAsyncDisposable
{
    private readonly PipeReader _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
    private readonly SemaphoreSlim _writing = new(1);
    private readonly CancellationTokenSource _closing = new();

    /// <summary>The next line without its end; null when there is none any more: the connection has ended, or nothing
    /// came for <paramref name="patience"/>, or the line is too long.</summary>
    public async Task<string?> ReadAsync(TimeSpan patience)
    {
        using var silence = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, _closing.Token);
        try
        {
            while (true)
            {
                var result = await _reader.ReadAsync(either.Token).ConfigureAwait(false);
                var buffer = result.Buffer;
                if (buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = Encoding.UTF8.GetString(buffer.Slice(0, end));
                    _reader.AdvanceTo(buffer.GetPosition(1, end));
                    return line;
                }
                _reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted || buffer.Length > longest) return null;
            }
        }
        catch (Exception e) when (IsEnd(e)) { return null; }
    }

    /// <summary>False: nobody is there.</summary>
    public async Task<bool> WriteAsync(string line)
    {
        try
        {
            await _writing.WaitAsync(_closing.Token).ConfigureAwait(false);
            try
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), _closing.Token).ConfigureAwait(false);
                return true;
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (Exception e) when (IsEnd(e)) { return false; }
    }

    /// <summary>Says again and again that we are there, until it is closed.</summary>
    public async Task BeatAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
                if (!await WriteAsync("").ConfigureAwait(false)) return;
        }
        catch (OperationCanceledException) { }
    }

    /// <summary>Nothing is read or written any more.</summary>
    public void Close() => _closing.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _reader.CompleteAsync().ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsEnd(Exception e) => e is IOException or OperationCanceledException
        or ObjectDisposedException or InvalidOperationException;
}
