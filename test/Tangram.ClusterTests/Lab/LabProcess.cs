using System.Diagnostics;
using Tangram.Deploying;

namespace Tangram.ClusterTests.Lab;

/// <summary>A program that was started on a machine of the lab, in a session of its own. Both of its outputs are
/// files outside of the machine's disk.</summary>
internal sealed class LabProcess : IDisposable
{
    private const int SigInterrupt = 2, SigContinue = 18, SigStop = 19, Shown = 40;
    private readonly Process _process;

    /// <param name="line">What to run, after the shell has entered the disk's group and set the outputs.</param>
    public LabProcess(string name, string files, ProcessStartInfo line)
    {
        (Name, Output, Errors) = (name, files + ".out", files + ".err");
        _process = Process.Start(line)!;
    }

    public string Name { get; }
    public int Pid => _process.Id;
    public bool HasEnded => _process.HasExited;

    /// <summary>The files.</summary>
    public string Output { get; }
    public string Errors { get; }

    public string Printed => Read(Output);

    /// <summary>The last lines of both outputs, for the message of a test that fails.</summary>
    public string Tail(int lines = Shown) => $"{Name}, " +
        (HasEnded ? $"which ended with {_process.ExitCode}" : $"pid {Pid}") + ", printed:\n" +
        string.Join('\n', Read(Output).TrimEnd().Split('\n').TakeLast(lines)
            .Concat(Read(Errors).TrimEnd().Split('\n').TakeLast(lines)));

    /// <summary>Waits for its end by itself. Beyond <paramref name="patience"/> the test fails with what it
    /// printed.</summary>
    public async Task<int> EndAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"not ended within {patience.TotalSeconds} s. {Tail()}");
        }
        return _process.ExitCode;
    }

    public void Interrupt() => Send(SigInterrupt);
    public void Terminate() => Send(Native.SigTerm);
    public void Kill() => Send(Native.SigKill);

    /// <summary>This process alone stands still; the kernel goes on taking its connections.</summary>
    public void Pause() => Send(SigStop);
    public void Resume() => Send(SigContinue);

    public void Dispose() => _process.Dispose();

    private void Send(int signal)
    {
        if (!HasEnded) Native.Kill(Pid, signal);
    }

    private static string Read(string path)
    {
        if (!File.Exists(path)) return "";
        using var file = new StreamReader(path, new FileStreamOptions { Share = FileShare.ReadWrite });
        return file.ReadToEnd();
    }
}
