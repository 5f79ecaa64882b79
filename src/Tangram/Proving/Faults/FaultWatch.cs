using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Tangram.Cli;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Proving.Faults;

/// <summary>The process that mends when the holder of the faults is killed. The holder tells it, before it does
/// something, how that is mended, and afterwards that it has been. When the holder is gone its line ends, and
/// what is open then is mended.</summary>
internal sealed class FaultWatch : IDisposable
{
    /// <summary>Of the hidden command of the holder.</summary>
    public const string Option = "--watch";

    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

    private readonly FileStream _line;
    private readonly int _pid;
    private readonly TimeProvider _time;

    private FaultWatch(FileStream line, int pid, TimeProvider time) => (_line, _pid, _time) = (line, pid, time);

    /// <param name="held">The lock against a second drill: it lasts until the watcher has mended, too.</param>
    public static FaultWatch Start(FaultPlace place, SafeFileHandle held, TimeProvider time)
    {
        var (read, write) = Descriptors.Pipe();
        using var theirs = read;
        using var output = Descriptors.Null();
        var program = Environment.ProcessPath!;
        List<string> words = [program];
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") words.Add(Environment.GetCommandLineArgs()[0]);
        words.AddRange([FaultHolder.Command, place.Name, place.Socket, place.Folder, Option]);
        var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(entry => new Variable((string)entry.Key, (string?)entry.Value ?? "")).ToList();
        // In a session of its own: what ends the holder's does not end it.
        var pid = Spawn.Start(program, words, environment, "/", read.Number(), output.Number(), held.Number());
        if (pid >= 0) return new FaultWatch(new FileStream(write, FileAccess.Write, bufferSize: 0), pid, time);
        write.Dispose();
        throw new IOException($"{program} could not be started a second time (errno {-pid})");
    }

    /// <summary>When this returns, it will be mended whatever becomes of us. Throws when the watcher is gone.</summary>
    public void Tell(FaultMend mend)
    {
        lock (_line) _line.Write(Encoding.UTF8.GetBytes(FaultJson.Write(mend) + "\n"));
    }

    /// <summary>It has been mended. Where the watcher is gone, nobody needs to know.</summary>
    public void Over(int fault)
    {
        try { Tell(new FaultMend(fault, MendKind.Over)); }
        catch (IOException) { }
    }

    /// <summary>Ends it, and waits until it has mended what is left.</summary>
    public async Task EndAsync()
    {
        Dispose();
        var begun = _time.GetTimestamp();
        while (!Ended() && _time.GetElapsedTime(begun) < EndsWithin)
            await Task.Delay(TimeSpan.FromMilliseconds(2), _time).ConfigureAwait(false);
    }

    public void Dispose() => _line.Dispose();

    private unsafe bool Ended()
    {
        int status;
        return Native.WaitPid(_pid, &status, Native.WaitNoHang) != 0;
    }

    /// <summary>The watcher itself.</summary>
    public static async Task<int> RunAsync(FaultPlace place, Surroundings around)
    {
        // Whoever signals all processes of a service means the holder, whose end is what we wait for.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        var open = new List<FaultMend>();
        while (await Task.Run(around.In.ReadLine).ConfigureAwait(false) is { } line)
        {
            FaultMend mend;
            try { mend = FaultJson.Mend(line); }
            // Half a line: it was not done yet.
            catch (JsonException) { break; }
            if (mend.Kind == MendKind.Over) open.RemoveAll(other => other.Fault == mend.Fault);
            else open.Add(mend);
        }
        await Task.WhenAll(open.GroupBy(mend => mend.Fault).Select(fault => InTurnAsync(fault, place, around.Clock)))
            .ConfigureAwait(false);
        return Exit.Done;
    }

    /// <summary>One after the other: what a clock is mended in must not be let go on meanwhile.</summary>
    private static async Task InTurnAsync(IEnumerable<FaultMend> fault, FaultPlace place, TimeProvider time)
    {
        foreach (var mend in fault) await TriedAsync(mend, place, time).ConfigureAwait(false);
    }

    [SuppressMessage("Design", "CA1031", Justification = "nobody is left to be told, and the others are mended")]
    private static async Task TriedAsync(FaultMend mend, FaultPlace place, TimeProvider time)
    {
        try { await mend.DoAsync(place, time).ConfigureAwait(false); }
        catch (Exception e)
        {
            await File.AppendAllTextAsync(Path.Combine(place.Folder, "tangram.log"), string.Create(
                CultureInfo.InvariantCulture, $"a fault's holder was killed, and {mend.Kind} failed: {e.Message}\n"))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
