using Tangram.Deploying;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Injecting;

/// <summary>The agent of this machine and all that it has started stand still, as when a virtual machine
/// does.</summary>
internal sealed class PausedMachine(FaultPlace place) : HeldFault
{
    private const int Stop = 19, Continue = 18;

    /// <summary>When each was started; a later process of that number is a stranger.</summary>
    private readonly Dictionary<int, long> _lives = [];

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        var parts = new MachineParts(place.Name, place.Folder, place.Stores!);
        var role = parts.Role() ?? throw new FaultMissedException("nothing of it runs on this machine");
        StandStill([role.Process]);
        // What it was about to start carries its mark a moment later.
        while (StandStill(parts.Marked())) { }
        var took = await UntilAsync(() => Living().All(process => process.State == 'T'), "some of it runs on", time)
            .ConfigureAwait(false);
        return $"the {role.Role} {role.Process.Pid} and {_lives.Count - 1} processes that it started stand still " +
            $"(state T) after {Words(took)}";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        var (still, all) = (Living().Count(process => process.State == 'T'), Living().Count());
        foreach (var process in Living()) Native.Kill(process.Pid, Continue);
        var took = await UntilAsync(() => Living().All(process => process.State != 'T'), "some of it stands still",
            time).ConfigureAwait(false);
        return $"{still} of {all} stood still at the end; run again after {Words(took)}";
    }

    /// <summary>Each alone, for the group of an agent may be that of whoever started it. Returns whether there were new
    /// ones.</summary>
    private bool StandStill(IEnumerable<ProcessStat> processes)
    {
        var some = processes.Where(process => !_lives.ContainsKey(process.Pid)).ToList();
        foreach (var process in some)
        {
            Keep(FaultMend.Continues(process.Pid, process.StartTime));
            _lives[process.Pid] = process.StartTime;
            Native.Kill(process.Pid, Stop);
        }
        return some.Count > 0;
    }

    private IEnumerable<ProcessStat> Living()
    {
        foreach (var (pid, life) in _lives)
            if (ProcessStat.Read(pid) is { Ended: false } now && now.StartTime == life) yield return now;
    }
}
