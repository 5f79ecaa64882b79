using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Where one cluster keeps its state on this machine. While it is open, no other daemon can open it: the lock
/// belongs to the open file, so the kernel releases it however we end.</summary>
internal sealed class StateFolder : IDisposable
{
    /// <summary>Raised when the layout changes so that older binaries would misread it.</summary>
    public const int Format = 1;

    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly SafeFileHandle _lock;

    private StateFolder(string path, string clusterId, SafeFileHandle @lock) =>
        (Path, ClusterId, _lock) = (path, clusterId, @lock);

    public string Path { get; }

    /// <summary>Made once, at random; the processes of the cluster carry it as <c>TANGRAM_CLUSTER_ID</c>.</summary>
    public string ClusterId { get; }
    public string Logs => Folder("logs");
    public string Files => Folder("files");
    public string Store => Folder("store");

    /// <summary>Where a gateway keeps the certificate that it makes itself.</summary>
    public string Tls => Folder("tls");

    /// <summary>The file with the last known state of the cluster.</summary>
    public string Known => System.IO.Path.Combine(Path, "known.json");
    public string Node(NodeName node) => Folder("nodes", node.Value);
    public string Records(NodeName node) => Folder("nodes", node.Value, "replicas");

    /// <summary>A named volume, which only `down --volumes` removes.</summary>
    public string Volume(NodeName node, string name) =>
        Folder("nodes", node.Value, "volumes", Names.Checked(name, "volume"));

    /// <summary>The nodes that have records here, sorted: what a <c>down</c> without a daemon goes through.</summary>
    public IReadOnlyList<NodeName> Nodes() => [.. Directory.EnumerateDirectories(Folder("nodes"))
        .Select(System.IO.Path.GetFileName).Where(Names.IsValid).Select(name => NodeName.Of(name!)).Order()];

    /// <summary>A folder that is the replica's own to run in.</summary>
    public string Work(ReplicaName replica) => Folder("work", replica.Value);

    /// <summary><c>$TANGRAM_STATE</c>, else <c>/var/lib/tangram</c> for root, else <c>$XDG_STATE_HOME/tangram</c>, else
    /// <c>~/.local/state/tangram</c>.</summary>
    public static string Root(Func<string, string?> variable, bool root)
    {
        if (variable("TANGRAM_STATE") is { Length: > 0 } set) return System.IO.Path.GetFullPath(set);
        if (root) return "/var/lib/tangram";
        // The XDG specification has relative paths ignored.
        if (variable("XDG_STATE_HOME") is { Length: > 0 } xdg && System.IO.Path.IsPathRooted(xdg))
            return System.IO.Path.Combine(xdg, "tangram");
        return System.IO.Path.Combine(variable("HOME") ?? "/", ".local/state/tangram");
    }

    public static string Root() => Root(Environment.GetEnvironmentVariable, Native.EffectiveUser() == 0);

    /// <summary>The clusters that have state under <paramref name="root"/>, sorted.</summary>
    public static IReadOnlyList<string> Clusters(string root) => !Directory.Exists(root) ? [] :
        [.. Directory.EnumerateDirectories(root).Where(folder => File.Exists(System.IO.Path.Combine(folder, "format")))
            .Select(folder => System.IO.Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    /// <summary>A daemon holds this cluster's folder.</summary>
    public static bool IsHeld(string root, string cluster)
    {
        var path = System.IO.Path.Combine(root, Names.Checked(cluster, "cluster"), "lock");
        if (!File.Exists(path)) return false;
        using var handle = Descriptors.Append(path);
        return Native.Flock(handle.Number(), Native.LockExclusive | Native.LockNoWait) != 0;
    }

    /// <summary>Makes the folder if needed and locks it. Throws <see cref="IOException"/> whose message says what,
    /// where and what to do: held by another daemon, written by a newer Tangram, or not writable.</summary>
    public static StateFolder Open(string root, string cluster)
    {
        var path = System.IO.Path.Combine(root, Names.Checked(cluster, "cluster"));
        try
        {
            Directory.CreateDirectory(root, OwnerOnly);
            Directory.CreateDirectory(path, OwnerOnly);
            File.SetUnixFileMode(path, OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the state folder {path} cannot be made: {e.Message}. Set TANGRAM_STATE to a folder "
                                  + "that you may write.", e);
        }
        var held = Lock(path);
        try
        {
            CheckFormat(path);
            return new StateFolder(path, Identity(path), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static SafeFileHandle Lock(string path)
    {
        var file = System.IO.Path.Combine(path, "lock");
        var handle = Descriptors.Append(file);
        if (TryLock(handle))
        {
            // For people and for the next daemon's message; the lock does not depend on it.
            DurableFile.Write(System.IO.Path.Combine(path, "pid"),
                Environment.ProcessId.ToString(CultureInfo.InvariantCulture), durable: false);
            return handle;
        }
        var (errno, why) = (Native.Errno, Native.Why);
        handle.Dispose();
        if (errno != Native.WouldBlock)
            throw new IOException($"{file} cannot be locked: {why}. The state folder must be on a local file system.");
        throw new IOException($"the state folder {path} is in use by another Tangram{Owner(path)}. "
                              + "Use that one, or stop it first.");
    }

    // A look by IsHeld holds the lock for a moment: that is not an owner.
    private static unsafe bool TryLock(SafeFileHandle handle)
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            if (Native.Flock(handle.Number(), Native.LockExclusive | Native.LockNoWait) == 0) return true;
            var errno = Native.Errno;
            if (errno != Native.WouldBlock || attempt == 9) break;
            Native.Poll(null, 0, 5);
        }
        return false;
    }

    private static string Owner(string path)
    {
        var file = System.IO.Path.Combine(path, "pid");
        return File.Exists(file) ? $" (pid {File.ReadAllText(file).Trim()})" : "";
    }

    private static void CheckFormat(string path)
    {
        var file = System.IO.Path.Combine(path, "format");
        if (!File.Exists(file))
        {
            DurableFile.Write(file, Format.ToString(CultureInfo.InvariantCulture));
            return;
        }
        if (!int.TryParse(File.ReadAllText(file), out var found))
            throw new IOException($"{file} does not hold a number: the state folder is damaged. Restore it from a "
                                  + "backup.");
        if (found > Format)
            throw new IOException($"the state in {path} has format {found}, and this Tangram knows up to {Format}. Use "
                                  + "the newer Tangram that wrote it.");
    }

    private static string Identity(string path)
    {
        var file = System.IO.Path.Combine(path, "id");
        if (!File.Exists(file)) DurableFile.Write(file, Guid.NewGuid().ToString("N"));
        return File.ReadAllText(file).Trim();
    }

    private string Folder(params ReadOnlySpan<string> parts)
    {
        var path = System.IO.Path.Combine([Path, .. parts]);
        Directory.CreateDirectory(path, OwnerOnly);
        return path;
    }
}
