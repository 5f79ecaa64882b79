using System.Runtime.InteropServices;

namespace Tangram.Cli;

/// <summary>The whole terminal for something that goes on, until q, Ctrl-C or SIGTERM; then the terminal is as it
/// was.</summary>
internal sealed class FullScreen(Surroundings around)
{
    private const string Enter = "\e[?1049h\e[?25l", Leave = "\e[?25h\e[?1049l";
    private static readonly TimeSpan KeyEvery = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync(Func<CancellationToken, Task> body, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            end.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        Put(Enter);
        var keys = KeysAsync(end);
        try
        {
            await body(end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
        finally
        {
            await end.CancelAsync();
            await keys;
            Put(Leave);
        }
    }

    /// <summary>Line by line over what was there, so that nothing flickers.</summary>
    public void Draw(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        var shown = lines.Length <= around.Height ? lines : [.. lines.Take(around.Height - 1), "…"];
        Put("\e[H" + string.Join("\e[K\r\n", shown) + "\e[K\e[J");
    }

    private void Put(string text)
    {
        around.Out.Write(text);
        around.Out.Flush();
    }

    private async Task KeysAsync(CancellationTokenSource end)
    {
        while (!end.IsCancellationRequested)
        {
            if (around.Key() is 'q' or 'Q') await end.CancelAsync();
            await around.PauseAsync(KeyEvery, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
