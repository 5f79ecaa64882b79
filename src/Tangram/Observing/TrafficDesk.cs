using System.Collections.Concurrent;
using System.Text.Json;

namespace Tangram.Observing;

/// <summary>What each gateway has told this server last, for as long as it goes on telling.</summary>
internal sealed class TrafficDesk(TimeProvider time)
{
    /// <summary>A gateway of that many routes and backends would need a page of its own.</summary>
    public const int Longest = 16 << 20;
    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, (GatewayTrafficView View, long At)> _told =
        new(StringComparer.Ordinal);

    /// <summary>False: it is no view.</summary>
    /// <param name="gateway">By its certificate; nobody speaks for another.</param>
    public bool Take(string gateway, string text)
    {
        if (text.Length > Longest) return false;
        try
        {
            _told[gateway] = (ViewJson.Read<GatewayTrafficView>(text) with { Gateway = gateway }, time.GetTimestamp());
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<GatewayTrafficView> All()
    {
        foreach (var (gateway, told) in _told)
            if (time.GetElapsedTime(told.At) > Forgotten) _told.TryRemove(new(gateway, told));
        return [.. _told.Values.Select(told => told.View).OrderBy(view => view.Gateway, StringComparer.Ordinal)];
    }
}
