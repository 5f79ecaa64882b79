using Microsoft.Win32.SafeHandles;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Deploying;

/// <param name="Size">Bytes of one file.</param>
/// <param name="Files">Files of one replica, the one being written among them; at least 2.</param>
/// <param name="Ended">Replicas that have ended and whose logs are kept.</param>
internal sealed record LogLimits(long Size = 10 << 20, int Files = 3, int Ended = 50);

/// <summary>The logs of this machine's replicas, in one folder.</summary>
internal sealed class LogFiles
{
    // A replica that writes 100 MB a second then overshoots its files by as much, for as long as the check is away.
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly string _folder;
    private readonly LogLimits _limits;

    // The length at which each is due, so that a look costs no more than its length.
    private readonly Dictionary<string, long> _due = [];
    private readonly Lock _gate = new();

    public LogFiles(string folder, LogLimits? limits = null)
    {
        (_folder, _limits) = (folder, limits ?? new LogLimits());
        ArgumentOutOfRangeException.ThrowIfLessThan(_limits.Files, 2);
        Directory.CreateDirectory(folder, StateFolder.OwnerOnly);
    }

    public string PathOf(ReplicaName replica) => Of(replica).LivePath;

    internal LogFile Of(ReplicaName replica) => new(_folder, replica.Value);

    /// <summary>For the process to write to. Throws <see cref="IOException"/>.</summary>
    public SafeFileHandle OpenForAppend(ReplicaName replica) => Descriptors.Append(PathOf(replica));

    /// <summary>Keeps every log within its limits until cancelled. Costs a look at each file once a second.
    /// <paramref name="failed"/> gets a sentence when one log cannot be rotated; the others are.</summary>
    public async Task RunAsync(TimeProvider time, Action<string> failed, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            var announcer = new Announcer(time, failed);
            while (await timer.WaitForNextTickAsync(cancellation)) RotateAll(announcer.Say);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    public void RotateAll(Action<string> failed)
    {
        try
        {
            lock (_gate) RotateEach(failed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failed($"the logs in {_folder} could not be looked at, and grow until they can: {e.Message}");
        }
    }

    private void RotateEach(Action<string> failed)
    {
        foreach (var live in new DirectoryInfo(_folder).EnumerateFiles("*.log"))
        {
            var due = _due.GetValueOrDefault(live.Name, _limits.Size);
            // Much shorter than it was: somebody has emptied it.
            if (live.Length < due && live.Length >= due - _limits.Size) continue;
            try
            {
                var log = new LogFile(_folder, Path.GetFileNameWithoutExtension(live.Name));
                _due[live.Name] = log.Rotate(_limits.Size, _limits.Files);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failed($"the log {live.FullName} could not be rotated and grows: {e.Message}");
            }
        }
    }

    /// <summary>Removes the logs of replicas that are not among
    /// <paramref name="live"/>, except the newest few.</summary>
    public void Collect(IReadOnlySet<ReplicaName> live)
    {
        var ended = new DirectoryInfo(_folder).EnumerateFiles("*.log")
            .Select(file => (Name: Path.GetFileNameWithoutExtension(file.Name), file.LastWriteTimeUtc))
            .Where(log => Names.IsValid(log.Name) && !live.Contains(ReplicaName.Of(log.Name)))
            .OrderByDescending(log => log.LastWriteTimeUtc)
            .Skip(_limits.Ended)
            .ToList();
        lock (_gate)
            foreach (var log in ended)
            {
                new LogFile(_folder, log.Name).Delete();
                _due.Remove(log.Name + ".log");
            }
    }
}
