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

    // The length of each when it was last noted.
    private readonly Dictionary<string, long> _noted = [];
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
            while (await timer.WaitForNextTickAsync(cancellation)) RotateAll(announcer.Say, time.GetUtcNow());
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    /// <param name="now">Noted for those that have grown; null: none is.</param>
    public void RotateAll(Action<string> failed, DateTimeOffset? now = null)
    {
        try
        {
            lock (_gate) RotateEach(failed, now);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failed($"the logs in {_folder} could not be looked at, and grow until they can: {e.Message}");
        }
    }

    private void RotateEach(Action<string> failed, DateTimeOffset? now)
    {
        foreach (var live in new DirectoryInfo(_folder).EnumerateFiles("*.log"))
        {
            if (now is { } moment) Note(live, moment, failed);
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

    private void Note(FileInfo live, DateTimeOffset now, Action<string> failed)
    {
        if (_noted.GetValueOrDefault(live.Name) == live.Length) return;
        _noted[live.Name] = live.Length;
        try
        {
            new LogTimes(new LogFile(_folder, Path.GetFileNameWithoutExtension(live.Name))).Mark(now);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failed($"when {live.FullName} was written cannot be noted, so `tangram logs --since` shows more: " +
                   e.Message);
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
                var file = new LogFile(_folder, log.Name);
                new LogTimes(file).Delete();
                file.Delete();
                _due.Remove(log.Name + ".log");
                _noted.Remove(log.Name + ".log");
            }
    }
}
