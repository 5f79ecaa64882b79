using System.Security.Cryptography;
using System.Text;

namespace Tangram.Cli;

/// <summary>Where state lies and where a cluster's socket is: <c>STATE/CLUSTER/tangram.sock</c>, or, when that is
/// longer than the kernel allows, a short path that the file <c>STATE/CLUSTER/socket</c> names.</summary>
internal static class SocketPlace
{
    /// <summary>108 bytes of <c>sun_path</c>, less the closing zero (unix(7)).</summary>
    public const int Longest = 107;

    public static string StateRoot(Func<string, string?> variable, bool root)
    {
        if (variable("TANGRAM_STATE") is { Length: > 0 } set) return Path.GetFullPath(set);
        if (root) return "/var/lib/tangram";
        // The XDG specification has relative paths ignored.
        return variable("XDG_STATE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? Path.Combine(xdg, "tangram")
            : Path.Combine(variable("HOME") ?? "/", ".local/state/tangram");
    }

    /// <summary>Where a command finds the daemon.</summary>
    public static string Of(string stateRoot, string cluster)
    {
        var named = Path.Combine(stateRoot, cluster, "socket");
        return File.Exists(named) ? File.ReadAllText(named).Trim() : Path.Combine(stateRoot, cluster, "tangram.sock");
    }

    /// <summary>Where the daemon shall listen; writes down a path that commands could not guess. The folder of the
    /// cluster is there already, and is the owner's alone.</summary>
    public static string ForDaemon(string stateRoot, string cluster, Func<string, string?> variable)
    {
        var plain = Path.Combine(stateRoot, cluster, "tangram.sock");
        var named = Path.Combine(stateRoot, cluster, "socket");
        if (Encoding.UTF8.GetByteCount(plain) <= Longest)
        {
            File.Delete(named);
            return plain;
        }
        var set = variable("XDG_RUNTIME_DIR");
        var runtime = set is { Length: > 0 and < 60 } && Directory.Exists(set) ? set : "/tmp";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(plain)))[..16];
        var folder = Path.Combine(runtime, $"tangram-{hash}");
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(folder, ownerOnly);
        // Fails when somebody else made it first.
        File.SetUnixFileMode(folder, ownerOnly);
        var path = Path.Combine(folder, "tangram.sock");
        File.WriteAllText(named, path + "\n");
        return path;
    }
}
