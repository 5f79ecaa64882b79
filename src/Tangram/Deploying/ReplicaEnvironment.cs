using System.Collections;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>What a replica's process finds in its environment: the few variables of ours that describe the machine and
/// its user, then the service's own, then the marks by which the process is found again. Nothing else is inherited, so
/// that a replica runs the same whoever started Tangram, and no secret of that shell leaks into it.</summary>
internal static class ReplicaEnvironment
{
    public const string ClusterMark = "TANGRAM_CLUSTER_ID";
    public const string ReplicaMark = "TANGRAM_REPLICA";

    /// <summary>Set for health checks only: they are never adopted.</summary>
    public const string CheckMark = "TANGRAM_CHECK";

    private static readonly string[] Inherited =
        ["PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    private static readonly string[] InheritedPrefixes = ["LC_", "DOTNET_ROOT"];

    /// <summary>Sorted by name; the later of two with the same name wins.</summary>
    public static IReadOnlyList<Variable> Of(IEnumerable<Variable> own, params ReadOnlySpan<Variable> marks)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
            if (entry is { Key: string name, Value: string value } && IsInherited(name)) all[name] = value;
        all.TryAdd("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        foreach (var variable in own) all[variable.Name] = variable.Value;
        foreach (var mark in marks) all[mark.Name] = mark.Value;
        return [.. all.Select(entry => new Variable(entry.Key, entry.Value))];
    }

    private static bool IsInherited(string name) => Inherited.Contains(name, StringComparer.Ordinal)
        || InheritedPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
}
