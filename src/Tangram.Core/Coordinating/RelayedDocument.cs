using System.Globalization;
using System.Text.Json;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Everybody reads what an agent or a gateway writes about itself, and nobody could go on after a document
/// that makes no sense. So a server looks at it before it is written.</summary>
public static class RelayedDocument
{
    private const int MostReplicas = 10_000, MostTroubles = 100, LongestText = 4_096, MostRates = 256;

    /// <summary>What is wrong with a document under a key of <see cref="RelayRules.KeysOf"/>, or null.</summary>
    public static string? Problem(string key, string value)
    {
        try
        {
            return key.StartsWith(Keys.SeenPrefix, StringComparison.Ordinal)
                ? Problem(Json.Read<Seen>(value))
                : Problem(Json.Read<GatewaySeen>(value));
        }
        catch (JsonException e)
        {
            return $"it cannot be read: {e.Message}";
        }
    }

    private static string? Problem(Seen seen)
    {
        if (!Names.IsValid(seen.Zone.Value)) return "it names no zone";
        if (seen.Labels.Any(label => label is not { Name: { Length: <= LongestText }, Value.Length: <= LongestText }))
            return "a label is empty or too long";
        if (seen.Capacity is not { Cpus: >= 0 and < double.PositiveInfinity, Memory: >= 0 })
            return "its capacity is no amount";
        if (seen.Address is { } host && !IsHost(host)) return "its address is none";
        if (seen.Link is { } link && !IsLink(link)) return "its link is not HOST:PORT";
        if (seen.Instance is not { Length: <= LongestText }) return "its instance is too long";
        if (seen.Replicas.Count > MostReplicas) return $"it has more than {MostReplicas} replicas";
        var names = new HashSet<ReplicaName>();
        foreach (var replica in seen.Replicas)
            if (Problem(replica, names) is { } problem) return problem;
        return null;
    }

    private static string? Problem(SeenReplica? replica, HashSet<ReplicaName> names)
    {
        if (replica is null || !Names.IsValid(replica.Replica.Value)) return "a replica has no name";
        if (!names.Add(replica.Replica)) return $"{replica.Replica} is there twice";
        return replica is { Starts: >= 0, FailedStarts: >= 0, Ends: >= 0, Because.Length: <= LongestText }
            && (replica.Port is null or >= 0 and < 65_536) && Enum.IsDefined(replica.Phase)
            ? null
            : $"what it says of {replica.Replica} makes no sense";
    }

    private static string? Problem(GatewaySeen seen)
    {
        if (seen.Applied < 0) return "it has applied a revision below 0";
        if (seen.Addresses.Any(a => a is not { Length: <= LongestText })) return "an address is none";
        if (seen.Busy.Count > MostReplicas || seen.Busy.Any(replica => !Names.IsValid(replica.Value)))
            return "a replica has no name";
        if (seen.Instance is not { Length: <= LongestText }) return "its instance is too long";
        if (seen.Rates.Count > MostRates || seen.Rates.Any(rate => rate is not { PerSecond: >= 0 }))
            return "its rates make no sense";
        if (seen.Troubles.Count > MostTroubles || seen.Troubles.Any(t => t is not { Length: <= LongestText }))
            return "its troubles are too many or too long";
        return seen.Outcomes.All(o => o is { Requests: >= 0, Failures: >= 0 } && Names.IsValid(o.Service.Value))
            ? null : "its outcomes make no sense";
    }

    private static bool IsHost(string text) =>
        text.Length <= LongestText && Uri.CheckHostName(text) != UriHostNameType.Unknown;

    private static bool IsLink(string text)
    {
        var cut = text.LastIndexOf(':');
        return cut > 0 && IsHost(text[..cut]) && int.TryParse(text.AsSpan(cut + 1), NumberStyles.None,
            CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536;
    }
}
