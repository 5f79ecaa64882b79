namespace Tangram.Planning;

/// <summary>Every section of the file, in the order of the support matrix.</summary>
public static class Sections
{
    public static IReadOnlyList<Section> All { get; } =
    [
        TopKeys.Top, TopKeys.Tangram, TopKeys.Objectives, TopKeys.Gateway, TopKeys.Certificate, TopKeys.Limits,
        TopKeys.Tcp, TopKeys.Drill,
        FileKeys.Include,
        DeclaredKeys.Config, DeclaredKeys.Secret, DeclaredKeys.Volume, DeclaredKeys.Network,
        ServiceKeys.Service, FileKeys.Extends, FileKeys.EnvFile, ServiceKeys.Port, ServiceKeys.Volume,
        DeclaredKeys.VolumeUse, DeclaredKeys.Grant, DeclaredKeys.NetworkUse, DeclaredKeys.Ulimit,
        ServiceKeys.Healthcheck, ServiceKeys.Dependency,
        DeployKeys.Deploy, DeployKeys.Placement, DeployKeys.Preference, DeployKeys.Resources, DeployKeys.Limits,
        DeployKeys.Reservations, DeployKeys.Restart, DeployKeys.Update, DeployKeys.Rollback,
        ServiceKeys.Tangram, ServiceKeys.Balance, ServiceKeys.Breaker, ServiceKeys.Admission,
        ServiceKeys.Schedule, ServiceKeys.Forecast,
        DegradeKeys.Degrade, DegradeKeys.Response,
        RouteKeys.Route, RouteKeys.GatewayRoute, RouteKeys.Value,
        RouteKeys.Redirect, RouteKeys.Split, RouteKeys.RateLimit, RouteKeys.Key, RouteKeys.Mirror,
        RouteKeys.Headers,
    ];

    /// <summary>What to do about a key that a section does not know at all.</summary>
    internal static string RemedyFor(string key, Section section)
    {
        if (NearMiss.Of(key, section.Honoured) is { } meant) return $"write '{meant}'";
        // Of another kind of file nothing belongs here.
        var others = All.Contains(section)
            ? All.Where(other => other != section && other.Honours(key)).Select(other => other.Title).ToList() : [];
        if (others.Count > 0) return $"move it: '{key}' belongs to {string.Join(" or ", others)}";
        var known = section.Keys.Where(known => known.Support == Support.Refused).Select(known => known.Name);
        if (NearMiss.Of(key, known) is { } refused)
            return $"if '{refused}' is meant: {section.Find(refused)!.Note}";
        return $"delete it; honoured here: {string.Join(", ", section.Honoured)}";
    }
}
