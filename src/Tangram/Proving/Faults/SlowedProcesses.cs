using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>Processes that run for a tenth of the time only: they are stopped and continued by turns, all of them
/// together.</summary>
/// <param name="find">Them, with what they are called. It may throw that the fault is missed.</param>
/// <param name="groups">Those beside them, too: a replica leads a session of its own. In the group of another process
/// may be anybody, the injector for one.</param>
internal sealed class SlowedProcesses(
    Func<IEnumerable<(string Name, ProcessStat Process)>> find, bool groups) : HeldFault
{
    private const int Stop = 19, Continue = 18;

    /// <summary>Long beside a turn of the scheduler, short beside a time-out.</summary>
    private static readonly TimeSpan Still = TimeSpan.FromMilliseconds(180), Runs = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _over = new();
    private readonly Dictionary<int, long> _lives = [];
    private Task _turns = Task.CompletedTask;
    private TimeSpan _stood;
    private long _begun;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        (string Name, ProcessStat Process)[] struck = [.. find()];
        foreach (var (_, process) in struck) _lives[process.Pid] = process.StartTime;
        foreach (var (pid, life) in _lives.OrderBy(life => life.Key)) Keep(FaultMend.Continues(pid, life));
        _begun = time.GetTimestamp();
        _turns = Task.Run(() => TakeTurnsAsync(time));
        return Task.FromResult($"{string.Join(", ", struck.Select(one => one.Name))} run for a tenth of the time");
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _turns.ConfigureAwait(false);
        _over.Dispose();
        var share = _stood / time.GetElapsedTime(_begun);
        await UntilAsync(() => Living().All(pid => ProcessStat.Read(pid) is not { State: 'T' }),
            "some stand still still", time).ConfigureAwait(false);
        return string.Create(CultureInfo.InvariantCulture,
            $"they stood still for {share:0 %} of the time; {Living().Count()} of {_lives.Count} still run");
    }

    private async Task TakeTurnsAsync(TimeProvider time)
    {
        try
        {
            while (true)
            {
                var begun = time.GetTimestamp();
                Signal(Stop);
                try { await Task.Delay(Still, time, _over.Token).ConfigureAwait(false); }
                finally
                {
                    Signal(Continue);
                    _stood += time.GetElapsedTime(begun);
                }
                await Task.Delay(Runs, time, _over.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) { }
    }

    private void Signal(int signal)
    {
        foreach (var pid in Living())
            Native.Kill(groups && ProcessStat.Read(pid) is { } now && now.Group == pid ? -pid : pid, signal);
    }

    /// <summary>Those that are the processes they were.</summary>
    private IEnumerable<int> Living() => _lives.Where(life => ProcessStat.Read(life.Key) is { Ended: false } now
        && now.StartTime == life.Value).Select(life => life.Key);
}
