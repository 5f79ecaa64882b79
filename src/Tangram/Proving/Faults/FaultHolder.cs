using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Tangram.Cli;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>The process that holds a drill's faults, each as a lease: it ends at its time, on order, and when the drill
/// is gone, however that ended, for then our input ends. It also keeps a second drill away from the cluster: the
/// lock belongs to an open file, so it lasts as long as a fault may. Should this process be killed, <see
/// cref="FaultWatch"/> mends.</summary>
internal sealed class FaultHolder(FaultPlace place, TextReader orders, TextWriter answers, TimeProvider time)
{
    /// <summary>Hidden; a drill starts it.</summary>
    public const string Command = "fault-holder";

    private sealed record Held(TaskCompletionSource Over, Task Life);

    private readonly Dictionary<int, Held> _held = [];
    private readonly SemaphoreSlim _writing = new(1);
    private FaultWatch? _watch;

    public static async Task<int> RunAsync(FaultPlace place, Surroundings around)
    {
        // A Ctrl-C is meant for the drill, which then tells us.
        _ = Native.NewSession();
        return await new FaultHolder(place, around.In, around.Out, around.Clock).RunAsync().ConfigureAwait(false);
    }

    public async Task<int> RunAsync()
    {
        using var held = Lock(out var owner);
        if (held is null)
        {
            await AnswerAsync(-1, FaultWord.Refused, owner).ConfigureAwait(false);
            return Exit.Failed;
        }
        _watch = FaultWatch.Start(place, held, time);
        await AnswerAsync(-1, FaultWord.Holds, "").ConfigureAwait(false);
        // Whoever ends a service or a session signals all of its processes: what is held has to be mended first.
        var told = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        // Reading a console blocks its thread, whatever its name.
        while (await await Task.WhenAny(told.Task, Task.Run(orders.ReadLine)).ConfigureAwait(false) is { } line)
            if (!Take(line)) break;
        foreach (var fault in _held.Values) fault.Over.TrySetResult();
        await Task.WhenAll(_held.Values.Select(fault => fault.Life)).ConfigureAwait(false);
        await _watch.EndAsync().ConfigureAwait(false);
        return Exit.Done;

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            told.TrySetResult(null);
        }
    }

    /// <summary>False: it is half an order, so its writer is gone.</summary>
    private bool Take(string line)
    {
        FaultOrder order;
        try { order = FaultJson.Order(line); }
        catch (JsonException) { return false; }
        if (!order.Revert)
        {
            var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _held[order.Number] = new Held(over, Task.Run(() => HoldAsync(order, over.Task)));
        }
        else if (_held.TryGetValue(order.Number, out var known)) known.Over.TrySetResult();
        return true;
    }

    [SuppressMessage("Design", "CA1031", Justification = "the drill is answered whatever goes wrong, and it is mended")]
    private async Task HoldAsync(FaultOrder order, Task over)
    {
        HeldFault? fault = null;
        try
        {
            fault = HeldFault.Of(order, place);
            fault.Keep = mend => _watch!.Tell(mend with { Fault = order.Number });
            await AnswerAsync(order.Number, FaultWord.Injected, await fault.InjectAsync(time).ConfigureAwait(false))
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (fault is not null) await MendAsync(fault, order.Number).ConfigureAwait(false);
            await AnswerAsync(order.Number, FaultWord.Missed, e.Message).ConfigureAwait(false);
            return;
        }
        if (!FaultForm.Of(order.Kind).Lasts) return;
        await Task.WhenAny(over, Task.Delay(order.Lasts, time)).ConfigureAwait(false);
        await AnswerAsync(order.Number, FaultWord.Reverted, await MendAsync(fault, order.Number).ConfigureAwait(false))
            .ConfigureAwait(false);
    }

    /// <summary>Of one that was not injected completely, what there is of it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "the others are mended all the same")]
    private async Task<string> MendAsync(HeldFault fault, int number)
    {
        try
        {
            var effect = await fault.RevertAsync(time).ConfigureAwait(false);
            // What failed the watcher tries once more, at the end.
            _watch!.Over(number);
            return effect;
        }
        catch (Exception e) { return $"NOT COMPLETELY: {e.Message}"; }
    }

    /// <summary>When the drill is gone nobody listens, and that changes nothing.</summary>
    private async Task AnswerAsync(int number, FaultWord word, string what)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await answers.WriteLineAsync(FaultJson.Write(new FaultAnswer(number, word, what))).ConfigureAwait(false);
            await answers.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException) { }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>A drill is held on the cluster with this state, whoever began it. It takes no lock, which another drill
    /// might want at that moment: it reads who took it last.</summary>
    public static bool IsHeld(string folder)
    {
        try
        {
            var pid = File.ReadAllText(Path.Combine(folder, "drill.lock")).Trim();
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0') is var words
                && words.Contains(Command) && words.Contains(folder);
        }
        // A lock that was half written before a power loss holds no number.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Null when another drill holds it, which <paramref name="owner"/> names.</summary>
    private SafeFileHandle? Lock(out string owner)
    {
        var file = Descriptors.Opened(place.Lock, 2 | Native.Create);
        owner = "";
        if (Native.Flock(file.Number(), Native.LockExclusive | Native.LockNoWait) == 0)
        {
            // For people; the lock does not depend on it, and holds on a full disk too.
            var pid = Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            try
            {
                RandomAccess.SetLength(file, 0);
                RandomAccess.Write(file, pid, 0);
            }
            catch (IOException) { }
            return file;
        }
        var read = new byte[20];
        var length = RandomAccess.Read(file, read, 0);
        file.Dispose();
        owner = $"another drill is held on {place.Name}, or its faults are being ended (pid " +
            $"{Encoding.ASCII.GetString(read, 0, length).Trim()}): wait until it is over";
        return null;
    }
}
