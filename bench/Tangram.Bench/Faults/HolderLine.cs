using System.Diagnostics;
using Tangram.Proving.Faults;

namespace Tangram.Bench.Faults;

/// <summary>A holder of faults as a drill has one, in a network namespace or not, of a cluster that is but a
/// folder.</summary>
internal sealed class HolderLine : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _holder;
    private int _number;

    private HolderLine(Process holder) => _holder = holder;

    private static string Tangram => Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");

    /// <param name="space">Of `ip netns`.</param>
    public static async Task<HolderLine> OpenAsync(string folder, string? space = null)
    {
        string[] words = [FaultHolder.Command, "bench", Path.Combine(folder, "none.sock"), folder];
        var start = space is null ? new ProcessStartInfo(Tangram, words)
            : new ProcessStartInfo("nsenter", [$"--net=/run/netns/{space}", Tangram, .. words]);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        var line = new HolderLine(Process.Start(start)!);
        await line.AnswerAsync();
        return line;
    }

    /// <summary>Returns its measured effect.</summary>
    public async Task<string> InjectAsync(FaultOrder order)
    {
        await SendAsync(order with { Number = ++_number });
        return await AnswerAsync();
    }

    public async Task<string> RevertAsync()
    {
        await SendAsync(new FaultOrder(_number, true, default, "", TimeSpan.Zero, [], []));
        return await AnswerAsync();
    }

    /// <summary>SIGKILL: nobody is left who could mend by himself. Returns when.</summary>
    public long Kill()
    {
        var now = Stopwatch.GetTimestamp();
        _holder.Kill();
        return now;
    }

    public void Dispose()
    {
        if (!_holder.HasExited) _holder.StandardInput.Close();
        _holder.WaitForExit(Patience);
        _holder.Dispose();
    }

    private async Task SendAsync(FaultOrder order)
    {
        await _holder.StandardInput.WriteLineAsync(FaultJson.Write(order));
        await _holder.StandardInput.FlushAsync();
    }

    private async Task<string> AnswerAsync()
    {
        var line = await _holder.StandardOutput.ReadLineAsync().WaitAsync(Patience)
            ?? throw new InvalidOperationException("the holder has ended");
        var answer = FaultJson.Answer(line);
        return answer.Word is FaultWord.Missed or FaultWord.Refused
            ? throw new InvalidOperationException(answer.What) : answer.What;
    }
}
