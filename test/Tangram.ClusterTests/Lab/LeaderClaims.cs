using System.Text.Json;
using System.Text.RegularExpressions;
using Tangram.Observing;

namespace Tangram.ClusterTests.Lab;

/// <summary>What servers say to have done while they led.</summary>
internal static partial class LeaderClaims
{
    /// <summary>From a replica to the term and the server that says to have started it. A server that is killed may
    /// not have come to say so.</summary>
    public static Dictionary<string, (long Term, string Server)> Starts(IEnumerable<LabMachine> servers)
    {
        var claims = new Dictionary<string, (long, string)>(StringComparer.Ordinal);
        foreach (var server in servers)
        {
            long term = 0;
            foreach (var said in Events(server))
                if (Leads().Match(said.What) is { Success: true } leads)
                    term = long.Parse(leads.Groups[1].ValueSpan, null);
                else if (said.What.StartsWith($"start {said.Subject} on ", StringComparison.Ordinal))
                    Assert.True(claims.TryAdd(said.Subject, (term, server.Name)), $"{said.Subject} started twice");
        }
        return claims;
    }

    private static IEnumerable<EventView> Events(LabMachine server)
    {
        foreach (var line in File.ReadLines(Path.Combine(ShopLab.StateOf(server), "events.jsonl")))
        {
            EventView? read = null;
            try { read = ViewJson.Read<EventView>(line); }
            catch (JsonException) { /* A loss of power tears lines. */ }
            if (read is not null) yield return read;
        }
    }

    [GeneratedRegex(@"^leads in term (\d+)$")]
    private static partial Regex Leads();
}
