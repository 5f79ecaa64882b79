using System.Collections.Concurrent;

namespace Tangram.Deploying;

/// <summary>The copies of <c>x-tangram.files</c> that revisions run from, and of the configs and secrets that they are
/// given, each stored once under the hash of its content and read-only. A revision names its copies by
/// <see cref="Model.ClusterSpec.Hashes"/>; revisions with the same content share one. Thread-safe, and so are two
/// processes.</summary>
/// <param name="folder">The state folder's <c>files</c>; nothing else may be in it.</param>
internal sealed class RevisionFiles(string folder, FilesLimits? limits = null)
{
    private readonly FilesLimits _limits = limits ?? new FilesLimits();
    private readonly ConcurrentDictionary<string, bool> _verified = new(StringComparer.Ordinal);

    /// <summary>Copies a folder and returns the hash of the copy. When it returns, the copy is on disk. Throws
    /// <see cref="FilesRefusedException"/> when the folder is missing, too large, or holds what cannot be copied, else
    /// <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
    public string Add(string source)
    {
        if (!Directory.Exists(source)) throw new FilesRefusedException($"the folder {source} does not exist");
        var full = Path.GetFullPath(source);
        if ((Path.GetFullPath(folder) + '/').StartsWith(full.TrimEnd('/') + '/', StringComparison.Ordinal))
            throw new FilesRefusedException($"{full} holds Tangram's own state: choose the service's own folder");
        return Made(beside => FolderContent.Hash(full, _limits, beside));
    }

    /// <summary>The same of a folder that is made for it. Throws what <paramref name="fill"/> does.</summary>
    public string Make(Action<string> fill) => Made(beside =>
    {
        fill(beside);
        return FolderContent.Hash(beside, _limits);
    });

    private string Made(Func<string, string> fill)
    {
        Directory.CreateDirectory(folder, StateFolder.OwnerOnly);
        var beside = Path.Combine(folder, $".new-{Environment.ProcessId}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(beside, StateFolder.OwnerOnly);
        try
        {
            var hash = fill(beside);
            Settle(beside, hash);
            return hash;
        }
        finally
        {
            if (Directory.Exists(beside)) Remove(beside);
        }
    }

    /// <summary>The hash that <see cref="Add"/> would give, without copying; for <c>plan</c>.</summary>
    public static string HashOf(string source, FilesLimits? limits = null) =>
        Directory.Exists(source)
            ? FolderContent.Hash(Path.GetFullPath(source), limits ?? new FilesLimits())
            : throw new FilesRefusedException($"the folder {source} does not exist");

    /// <summary>Whether there is a copy; <see cref="Open"/> also checks it. Who asks may be about to name it, so it is
    /// not collected for a while.</summary>
    public bool Has(string hash)
    {
        var place = PathOf(hash);
        if (!Directory.Exists(place)) return false;
        Directory.SetLastWriteTimeUtc(place, TimeProvider.System.GetUtcNow().UtcDateTime);
        return true;
    }

    /// <summary>Takes what another machine sent into an empty folder, when it is what was asked for. Throws
    /// <see cref="IOException"/> when it is not.</summary>
    public async Task ReceiveAsync(string hash, Func<string, Task> fill)
    {
        Directory.CreateDirectory(folder, StateFolder.OwnerOnly);
        var beside = Path.Combine(folder, $".in-{Environment.ProcessId}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(beside, StateFolder.OwnerOnly);
        try
        {
            await fill(beside).ConfigureAwait(false);
            var found = FolderContent.Hash(beside, _limits);
            if (found != hash) throw new IOException($"what was sent as {hash} has the hash {found}");
            Settle(beside, hash);
        }
        finally
        {
            if (Directory.Exists(beside)) Remove(beside);
        }
    }

    /// <summary>The folder to run from. Its content is checked against the hash once a process. Throws
    /// <see cref="IOException"/> when it is missing or has been changed.</summary>
    public string Open(string hash)
    {
        var place = PathOf(hash);
        if (!Directory.Exists(place))
            throw new IOException($"the copy {hash} of the revision's files is missing from {folder}: deploy again");
        if (!_verified.GetOrAdd(hash, Verify))
        {
            _verified.TryRemove(hash, out _);
            throw new IOException($"the copy {place} of the revision's files was changed since it was made: "
                                  + "deploy again");
        }
        return place;
    }

    /// <summary>Removes every copy that no revision names, and what a crash left half made, unless somebody has made it
    /// or asked for it since. Returns how many. Only the daemon that holds the state folder may call it.</summary>
    public int Collect(IReadOnlySet<string> named, DateTimeOffset untouchedSince)
    {
        if (!Directory.Exists(folder)) return 0;
        var gone = Directory.EnumerateDirectories(folder)
            .Where(path => !named.Contains(Path.GetFileName(path))
                && Directory.GetLastWriteTimeUtc(path) < untouchedSince.UtcDateTime).ToList();
        foreach (var path in gone)
        {
            _verified.TryRemove(Path.GetFileName(path), out _);
            Remove(path);
        }
        return gone.Count;
    }

    /// <summary>Makes a folder with the right content the copy, durably, unless there is a good one.</summary>
    private void Settle(string beside, string hash)
    {
        var place = PathOf(hash);
        if (Has(hash) && Verify(hash)) return;
        foreach (var inner in Directory.EnumerateDirectories(beside, "*", Everything))
            File.SetUnixFileMode(inner, FolderContent.OwnFolder);
        Sync(beside);
        if (Directory.Exists(place)) Remove(place);
        Directory.Move(beside, place);
        File.SetUnixFileMode(place, FolderContent.OwnFolder);
        DurableFile.SyncFolder(folder);
        _verified[hash] = true;
    }

    private static readonly EnumerationOptions Everything =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    private string PathOf(string hash) => hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(folder, hash)
        : throw new ArgumentException($"'{hash}' is not a SHA-256 in hexadecimal", nameof(hash));

    private bool Verify(string hash)
    {
        try
        {
            return FolderContent.Hash(PathOf(hash), _limits) == hash;
        }
        catch (FilesRefusedException)
        {
            return false;
        }
    }

    // One call for all files: syncing 10,000 small ones by themselves takes minutes on a disk.
    private static void Sync(string path)
    {
        using var handle = Descriptors.Opened(path, 0);
        if (Native.SyncFileSystem(handle.Number()) != 0)
            throw new IOException($"{path} could not be synced: {Native.Why}");
    }

    // A folder's entries can be removed only while it may be written.
    private static void Remove(string path)
    {
        File.SetUnixFileMode(path, StateFolder.OwnerOnly);
        foreach (var inner in Directory.EnumerateDirectories(path, "*", Everything).ToList())
            File.SetUnixFileMode(inner, StateFolder.OwnerOnly);
        Directory.Delete(path, recursive: true);
    }
}
