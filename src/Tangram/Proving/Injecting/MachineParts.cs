using System.Globalization;
using System.Text;
using Tangram.Cli;
using Tangram.Deploying;
using Tangram.Proving.Faults;
using Tangram.Routing;

namespace Tangram.Proving.Injecting;

/// <summary>A process that can be started again as it is.</summary>
internal sealed record MachinePart(string Role, ProcessStat Process, string Program, string[] Arguments)
{
    public const string Etcd = "etcd";

    /// <summary>The values of an option on its command line.</summary>
    public string[] Values(string option) => [.. MachineParts.Values(Arguments, option)];

    public string? Value(string option) => Values(option).FirstOrDefault();
}

/// <summary>What of one cluster runs on this machine: the role that holds the state folder, the etcd member that its
/// servers name, and what carries the folder's mark. All of it in this network namespace, and nothing else.</summary>
internal sealed class MachineParts(string cluster, string folder, IReadOnlyList<string> stores)
{
    private static readonly string[] Roles = ["server", "agent", "gateway"];
    private readonly string? _network = NetworkOf("self");

    /// <summary>The server, agent or gateway that holds the state folder; null when none does.</summary>
    public MachinePart? Role()
    {
        if (!int.TryParse(Text(Path.Combine(folder, "pid")), out var pid) || Of(pid) is not { } part) return null;
        var root = Path.GetDirectoryName(folder)!;
        return Roles.Contains(part.Role) && part.Value("--cluster") == cluster
            && Path.TrimEndingDirectorySeparator(RootOf(pid)) == root
            && StateFolder.IsHeld(root, cluster) ? part : null;
    }

    /// <summary>The member here of the etcd that the server here, or whoever started the injector, names.</summary>
    public MachinePart? Etcd(MachinePart? role)
    {
        var named = Stores(role);
        if (named.Count == 0) return null;
        foreach (var process in ProcessStat.All())
            if (!process.Ended && Of(process.Pid) is { Role: MachinePart.Etcd } part
                && AddressOf(part, named) is not null) return part;
        return null;
    }

    public IReadOnlyList<string> Stores(MachinePart? role) =>
        stores.Count > 0 ? stores : role is { Role: "server" } ? role.Values("--etcd") : [];

    /// <summary>At which servers reach this member.</summary>
    public static string? AddressOf(MachinePart etcd, IReadOnlyList<string> named) =>
        etcd.Values("--advertise-client-urls").Concat(etcd.Values("--listen-client-urls"))
            .Concat(ProcessStat.EnvironmentOf(etcd.Process.Pid)
                .Where(entry => entry.StartsWith("ETCD_ADVERTISE_CLIENT_URLS=", StringComparison.Ordinal))
                .SelectMany(entry => entry[(entry.IndexOf('=') + 1)..].Split(',')))
            .Select(url => named.Contains(url) ? url : url.TrimEnd('/')).FirstOrDefault(named.Contains);

    /// <summary>Replicas, what they started, and the keeper of the sockets.</summary>
    public List<ProcessStat> Marked()
    {
        if (Text(Path.Combine(folder, "id")) is not { Length: > 0 } id) return [];
        var marks = new[] { $"{ReplicaEnvironment.ClusterMark}={id}", $"{SocketKeeper.Mark}={id}" };
        return [.. ProcessStat.All().Where(process => !process.Ended && process.Pid != Environment.ProcessId
            && NetworkOf(Number(process.Pid)) == _network
            && ProcessStat.EnvironmentOf(process.Pid).Any(marks.Contains))];
    }

    /// <summary>What stands after an option, up to the next one; commas part values too.</summary>
    internal static IEnumerable<string> Values(string[] arguments, string option)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].StartsWith(option + "=", StringComparison.Ordinal))
                foreach (var value in Parts(arguments[i][(option.Length + 1)..])) yield return value;
            if (arguments[i] != option) continue;
            for (var next = i + 1; next < arguments.Length && !arguments[next].StartsWith('-'); next++)
                foreach (var value in Parts(arguments[next])) yield return value;
        }

        static string[] Parts(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Null: it has ended, is in another network, or is nothing of ours.</summary>
    private MachinePart? Of(int pid)
    {
        if (ProcessStat.Read(pid) is not { Ended: false } process || NetworkOf(Number(pid)) != _network) return null;
        try
        {
            var program = File.ResolveLinkTarget($"/proc/{pid}/exe", false)!.FullName;
            var arguments = ArgumentsOf(pid);
            var role = Path.GetFileName(program) switch
            {
                MachinePart.Etcd => MachinePart.Etcd,
                "tangram" => arguments.ElementAtOrDefault(1),
                "dotnet" => arguments.ElementAtOrDefault(2),
                _ => null,
            };
            return role is null ? null : new MachinePart(role, process, program, arguments);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A process with just this command line runs in this network namespace.</summary>
    public static bool Runs(string[] arguments)
    {
        var network = NetworkOf("self");
        return ProcessStat.All().Any(process => !process.Ended && NetworkOf(Number(process.Pid)) == network
            && ArgumentsOf(process.Pid).SequenceEqual(arguments));
    }

    private static string[] ArgumentsOf(int pid)
    {
        try { return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline")).Split('\0')[..^1]; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return []; }
    }

    private static string RootOf(int pid)
    {
        var entries = ProcessStat.EnvironmentOf(pid);
        return SocketPlace.StateRoot(name => entries.FirstOrDefault(
            entry => entry.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..],
            Native.EffectiveUser() == 0);
    }

    private static string? NetworkOf(string process)
    {
        try { return new FileInfo($"/proc/{process}/ns/net").LinkTarget; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return null; }
    }

    private static string? Text(string path)
    {
        try { return File.Exists(path) ? File.ReadAllText(path).Trim() : null; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return null; }
    }

    private static string Number(int pid) => pid.ToString(CultureInfo.InvariantCulture);
}
