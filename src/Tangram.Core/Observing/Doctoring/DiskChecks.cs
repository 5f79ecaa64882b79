namespace Tangram.Observing.Doctoring;

/// <summary>The disk under the state folder, which holds the store, the logs and the revisions' files.</summary>
internal static class DiskChecks
{
    /// <summary>Logs are kept up to 10 MB for each replica and turned over, and a revision's files as often as they
    /// change.</summary>
    private const long LeastBytes = 100L << 20, EnoughBytes = 1L << 30;
    private const long LeastFiles = 1_000, EnoughFiles = 20_000;

    /// <summary>etcd asks for less than 10 ms at the 99th percentile of its log's fsync
    /// (etcd.io, hardware and FAQ).</summary>
    private static readonly TimeSpan SlowSync = TimeSpan.FromMilliseconds(10);

    public static IEnumerable<Finding> Of(DiskFacts disk)
    {
        if (disk.Refused is { } refused)
        {
            yield return new Finding("state-folder", Gravity.Error, $"{disk.Folder} cannot be written: {refused}",
                "all that the cluster knows lies there", new Remedy("export TANGRAM_STATE=$HOME/.tangram", false));
            yield break;
        }
        yield return Kind(disk);
        yield return Room("disk-space", disk.FreeBytes, LeastBytes, EnoughBytes, Doctor.Size, "free",
            new Remedy($"df -h {disk.Folder}   # then make room there, or set TANGRAM_STATE to another disk", false));
        if (disk.Files > 0)
            yield return Room("disk-files", disk.FreeFiles, LeastFiles, EnoughFiles, n => Doctor.Count(n),
                "files can be made", new Remedy($"df -i {disk.Folder}   # then make room there", false));
        if (disk.Sync is not { } sync) yield break;
        var takes =
            $"a durable write takes {Doctor.Milliseconds(sync.Median)}, at worst {Doctor.Milliseconds(sync.Worst)}";
        if (sync.Median > SlowSync)
            yield return new Finding("disk-sync", Gravity.Warn, takes,
                "every change of the cluster waits for one, and a leader that waits too long is replaced",
                new Remedy("put the state on a local SSD: export TANGRAM_STATE=/path/on/it", false));
        else
            yield return Finding.Good("disk-sync", takes);

        Finding Room(string check, long free, long least, long enough, Func<double, string> text, string word,
            Remedy remedy) => free >= enough
            ? Finding.Good(check, $"{text(free)} {word} in {disk.Folder}")
            : new Finding(check, free < least ? Gravity.Error : Gravity.Warn,
                $"only {text(free)} {word} in {disk.Folder}",
                "without room no change is accepted, logs are cut short, and no revision can be copied", remedy);
    }

    private static Finding Kind(DiskFacts disk) => disk.FileSystem switch
    {
        "tmpfs" or "ramfs" => new Finding("state-folder", Gravity.Warn,
            $"{disk.Folder} is in memory ({disk.FileSystem})", "after a boot the cluster has forgotten what it ran",
            new Remedy("export TANGRAM_STATE=/path/on/a/disk", false)),
        "nfs" or "cifs" or "smb2" or "fuse" or "9p" => new Finding("state-folder", Gravity.Warn,
            $"{disk.Folder} is on a remote or user-space file system ({disk.FileSystem})",
            "the lock that keeps a second daemon out, and SQLite, rely on a local file system",
            new Remedy("export TANGRAM_STATE=/path/on/a/local/disk", false)),
        "overlay" => new Finding("state-folder", Gravity.Note, $"{disk.Folder} is in a container's own layer",
            "with the container the cluster's state is gone", new Remedy("mount a volume there", false)),
        _ => Finding.Good("state-folder", $"{disk.Folder} is on {disk.FileSystem}"),
    };
}
