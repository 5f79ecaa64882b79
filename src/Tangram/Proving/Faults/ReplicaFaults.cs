using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>A replica and the processes beside it: it leads a session, and so a group.</summary>
internal abstract class ReplicaFault(StruckReplica struck, FaultPlace place) : HeldFault
{
    protected StruckReplica Struck => struck;

    /// <summary>When its process was started.</summary>
    protected long? Life { get; private set; }

    /// <summary>Null when it has ended; another one with its number is a stranger.</summary>
    protected ProcessStat? Now => ProcessStat.Read(struck.Pid) is { Ended: false } now
        && now.StartTime == (Life ?? now.StartTime) ? now : null;

    /// <summary>Nothing was done to it: it may not even be the one that is meant.</summary>
    protected bool Untouched => Life is null;

    /// <summary>Throws when the process is not the one that is meant.</summary>
    protected void Check()
    {
        if (place.Stranger(struck.Replica, struck.Pid) is { } why) throw new FaultMissedException(why);
        Life = Now?.StartTime
            ?? throw new FaultMissedException($"the process {struck.Pid} of {struck.Replica} has ended already");
    }

    protected void Signal(int signal, string name)
    {
        var leads = Now is { } now && now.Group == struck.Pid;
        if (Native.Kill(leads ? -struck.Pid : struck.Pid, signal) != 0)
            throw new FaultMissedException($"{name} cannot be sent to {struck.Pid}: {Native.Why}");
    }
}

internal sealed class KilledReplica(StruckReplica struck, FaultPlace place) : ReplicaFault(struck, place)
{
    public override async Task<string> InjectAsync(TimeProvider time)
    {
        Check();
        var life = Now!.Value.StartTime;
        Signal(Native.SigKill, "SIGKILL");
        var took = await UntilAsync(() => Now is not { } now || now.StartTime != life,
            $"the process {Struck.Pid} outlived SIGKILL", time).ConfigureAwait(false);
        return $"process {Struck.Pid} on {Struck.Node} gone after {Words(took)}";
    }

    public override Task<string> RevertAsync(TimeProvider time) => Task.FromResult("it strikes once");
}

internal sealed class PausedReplica(StruckReplica struck, FaultPlace place) : ReplicaFault(struck, place)
{
    private const int Stop = 19, Continue = 18;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _over = new();
    private Task _looking = Task.CompletedTask;
    private long _begun;
    private int _looks, _still;

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        Check();
        Keep(FaultMend.Continues(Struck.Pid, Life!.Value));
        Signal(Stop, "SIGSTOP");
        var took = await UntilAsync(() => Now is not { State: not 'T' }, "it did not stand still", time)
            .ConfigureAwait(false);
        _begun = time.GetTimestamp();
        _looking = LookAsync(time);
        return $"process {Struck.Pid} on {Struck.Node} stands still (state T) after {Words(took)}";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        if (Untouched) return "it was not touched";
        // First of all: measuring can wait.
        var gone = Now is null;
        if (!gone) Signal(Continue, "SIGCONT");
        var stood = time.GetElapsedTime(_begun);
        await _over.CancelAsync().ConfigureAwait(false);
        await _looking.ConfigureAwait(false);
        _over.Dispose();
        var seen = $"stood still for {Words(stood)}, in {_still} of {_looks} looks";
        if (gone) return $"{seen}; the cluster had ended it meanwhile";
        var took = await UntilAsync(() => Now is not { State: 'T' }, "it stands still still", time)
            .ConfigureAwait(false);
        return $"{seen}; runs again after {Words(took)}";
    }

    private async Task LookAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
            {
                _looks++;
                if (Now is { State: 'T' }) _still++;
            }
        }
        catch (OperationCanceledException) { }
    }
}

/// <summary>Its process may have no more of something than it has: the kernel refuses it the next.</summary>
/// <param name="resource">Of prlimit.</param>
/// <param name="line">How its line in /proc/PID/limits begins.</param>
internal abstract class LimitedReplica(StruckReplica struck, FaultPlace place, int resource, string line)
    : ReplicaFault(struck, place)
{
    private ulong _soft, _hard;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        Check();
        (_soft, _hard) = Limits();
        var has = Has();
        Keep(new FaultMend(0, MendKind.Limit)
        {
            Pid = Struck.Pid, Life = Life!.Value, Resource = resource, Soft = _soft, Hard = _hard,
        });
        if (!Native.SetLimit(Struck.Pid, resource, Math.Min(has + Spare, _hard), _hard))
            throw new FaultMissedException($"the limit of {Struck.Pid} cannot be set: {Native.Why}");
        return Task.FromResult($"process {Struck.Pid} on {Struck.Node} has {Words(has)} and may have no more " +
            $"(limit {Words(_soft)} → {Words(Limits().Soft)})");
    }

    public override Task<string> RevertAsync(TimeProvider time)
    {
        if (_hard == 0) return Task.FromResult("its limit was not touched");
        if (Now is null) return Task.FromResult("the cluster had ended it meanwhile");
        var has = Has();
        if (!Native.SetLimit(Struck.Pid, resource, _soft, _hard))
            throw new FaultMissedException($"the limit of {Struck.Pid} cannot be set: {Native.Why}");
        return Task.FromResult($"it had {Words(has)} at the end; its limit is {Words(Limits().Soft)} again");
    }

    protected abstract ulong Has();

    /// <summary>What it may have beside what it has.</summary>
    protected abstract ulong Spare { get; }

    protected abstract string Words(ulong amount);

    private (ulong Soft, ulong Hard) Limits()
    {
        var words = File.ReadLines($"/proc/{Struck.Pid}/limits")
            .First(text => text.StartsWith(line, StringComparison.Ordinal))[line.Length..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (Number(words[0]), Number(words[1]));
    }

    private static ulong Number(string word) =>
        word == "unlimited" ? ulong.MaxValue : ulong.Parse(word, CultureInfo.InvariantCulture);
}

/// <summary>It has all the descriptors that it may have: no connection can be accepted, no file be opened. A new
/// descriptor gets the lowest number that is free: below the limit there is none, or hardly one.</summary>
internal sealed class StarvedReplica(StruckReplica struck, FaultPlace place)
    : LimitedReplica(struck, place, OpenFiles, "Max open files")
{
    /// <summary>RLIMIT_NOFILE.</summary>
    private const int OpenFiles = 7;

    protected override ulong Has() => (ulong)Directory.GetFiles($"/proc/{Struck.Pid}/fd").Length;
    protected override ulong Spare => 0;
    protected override string Words(ulong amount) =>
        amount == ulong.MaxValue ? "no limit" : $"{amount} files and connections";
}

/// <summary>It has all the memory that it may have: the next mapping is refused. What it has asked for and not used it
/// may still use, so a program that asks for much at its start notices little.</summary>
internal sealed class CrampedReplica(StruckReplica struck, FaultPlace place)
    : LimitedReplica(struck, place, AddressSpace, "Max address space")
{
    /// <summary>RLIMIT_AS.</summary>
    private const int AddressSpace = 9;

    /// <summary>VmSize.</summary>
    protected override ulong Has() => 1024 * ulong.Parse(File.ReadLines($"/proc/{Struck.Pid}/status")
        .First(line => line.StartsWith("VmSize:", StringComparison.Ordinal))
        .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    protected override ulong Spare => 256 << 10;
    protected override string Words(ulong amount) =>
        amount == ulong.MaxValue ? "no limit" : $"{NamelessFile.Megabytes(amount)} mapped";
}
