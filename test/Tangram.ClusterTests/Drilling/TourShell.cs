using System.Diagnostics;
using System.Text;

namespace Tangram.ClusterTests.Drilling;

/// <summary>One bash in which a page's commands are typed one after the other, so that <c>&amp;</c>, <c>wait</c> and
/// <c>$?</c> mean what they mean to its reader.</summary>
internal sealed class TourShell : IDisposable
{
    /// <summary>The first command builds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private const string Mark = "--- the command has ended ---";

    private readonly Process _bash;

    public TourShell(ProcessStartInfo start)
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.UseShellExecute) = (true, true, false);
        _bash = Process.Start(start)!;
        _bash.StandardInput.WriteLine("exec 2>&1");
    }

    /// <summary>What the command printed, both streams in one.</summary>
    public async Task<string> TypeAsync(string command)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        var printed = new StringBuilder();
        await _bash.StandardInput.WriteLineAsync($"{command}\ncode=$?; printf '\\n%s\\n' '{Mark}'; (exit $code)");
        await _bash.StandardInput.FlushAsync(limit.Token);
        try
        {
            while (await _bash.StandardOutput.ReadLineAsync(limit.Token) is { } line)
                if (line == Mark) return printed.ToString();
                else printed.Append(line).Append('\n');
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{command} did not end within {Patience.TotalMinutes} min. It printed:\n{printed}");
        }
        Assert.Fail($"the shell ended at {command}:\n{printed}");
        return "";
    }

    public void Dispose()
    {
        _bash.StandardInput.Close();
        _bash.WaitForExit(TimeSpan.FromSeconds(5));
        _bash.Dispose();
    }
}
