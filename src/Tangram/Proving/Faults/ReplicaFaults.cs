using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>A replica and the processes beside it: it leads a session, and so a group.</summary>
internal abstract class ReplicaFault(StruckReplica struck, FaultPlace place) : HeldFault
{
    protected StruckReplica Struck => struck;

    private long? _life;

    /// <summary>Null when it has ended; another one with its number is a stranger.</summary>
    protected ProcessStat? Now => ProcessStat.Read(struck.Pid) is { Ended: false } now
        && now.StartTime == (_life ?? now.StartTime) ? now : null;

    /// <summary>Nothing was done to it: it may not even be the one that is meant.</summary>
    protected bool Untouched => _life is null;

    /// <summary>Throws when the process is not the one that is meant.</summary>
    protected void Check()
    {
        if (place.Stranger(struck.Replica, struck.Pid) is { } why) throw new FaultMissedException(why);
        _life = Now?.StartTime;
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

/// <summary>It has all the descriptors that it may have: no connection can be accepted, no file be opened.</summary>
internal sealed class StarvedReplica(StruckReplica struck, FaultPlace place) : ReplicaFault(struck, place)
{
    /// <summary>RLIMIT_NOFILE.</summary>
    private const int OpenFiles = 7;

    private ulong _soft, _hard;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        Check();
        (_soft, _hard) = Limits();
        // A new descriptor gets the lowest number that is free: below this there is none, or hardly one.
        var open = Open();
        if (!Native.SetLimit(Struck.Pid, OpenFiles, (ulong)open, _hard))
            throw new FaultMissedException($"the limit of {Struck.Pid} cannot be set: {Native.Why}");
        return Task.FromResult($"process {Struck.Pid} on {Struck.Node} has {open} files and connections open and may " +
            $"open no more (limit {_soft} → {Limits().Soft})");
    }

    public override Task<string> RevertAsync(TimeProvider time)
    {
        if (_hard == 0) return Task.FromResult("its limit was not touched");
        if (Now is null) return Task.FromResult("the cluster had ended it meanwhile");
        var open = Open();
        if (!Native.SetLimit(Struck.Pid, OpenFiles, _soft, _hard))
            throw new FaultMissedException($"the limit of {Struck.Pid} cannot be set: {Native.Why}");
        return Task.FromResult($"it had {open} open at the end; its limit is {Limits().Soft} again");
    }

    private int Open() => Directory.GetFiles($"/proc/{Struck.Pid}/fd").Length;

    private (ulong Soft, ulong Hard) Limits()
    {
        var words = File.ReadLines($"/proc/{Struck.Pid}/limits")
            .First(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (Number(words[3]), Number(words[4]));
    }

    private static ulong Number(string word) =>
        word == "unlimited" ? ulong.MaxValue : ulong.Parse(word, CultureInfo.InvariantCulture);
}
