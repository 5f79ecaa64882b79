using System.Text.Json.Serialization;

namespace Tangram.Model;

/// <summary>The whole application as its file asks for it.</summary>
public sealed record ClusterSpec
{
    public required string Name { get; init; }

    /// <summary>Sorted by name.</summary>
    public EquatableArray<ServiceSpec> Services { get; init; }
    public EquatableArray<ZoneName> Zones { get; init; }
    public int NodesPerZone { get; init; } = 1;

    /// <summary>How many replicas may move at a time for a better spread: 0 is none, null leaves it to
    /// Tangram.</summary>
    public int? Rebalance { get; init; }
    public ObjectivesSpec Objectives { get; init; } = new();

    /// <summary>Held by a calendar.</summary>
    public EquatableArray<ScheduledDrillSpec> Drills { get; init; }

    /// <summary>Where the gateway listens for routed requests, as URLs.</summary>
    public EquatableArray<string> GatewayListen { get; init; }

    /// <summary>Networks whose word on who their client is (X-Forwarded-For and -Proto) is believed, as CIDR
    /// blocks.</summary>
    public EquatableArray<string> TrustedProxies { get; init; }

    /// <summary>Routes that belong to no service: they redirect, or say to which service they lead.</summary>
    public EquatableArray<RouteSpec> GatewayRoutes { get; init; }

    /// <summary>Connections to these begin with the PROXY protocol.</summary>
    public bool AcceptProxy { get; init; }

    /// <summary>In the order of the file.</summary>
    public EquatableArray<TcpSpec> GatewayTcp { get; init; }

    /// <summary>Null: none is kept.</summary>
    public AccessLogSpec? AccessLog { get; init; }

    /// <summary>Where each gateway serves its figures, as a URL; null: nowhere.</summary>
    public string? GatewayMetrics { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public TraceStart TraceStart { get; init; }
    public GatewayLimitsSpec GatewayLimits { get; init; } = new();

    /// <summary>Null when it listens nowhere by https.</summary>
    public TlsSpec? Tls { get; init; }

    /// <summary>What its configs and secrets hold. Only on the way from a command to a server, which keeps it as files:
    /// a spec that is stored or shown has none.</summary>
    public EquatableArray<CarriedContent>? Contents { get; init; }

    /// <summary>Of the copies with configs and secrets, of services and gateways.</summary>
    public IEnumerable<string> GrantsHashes =>
        Services.Select(service => service.GrantsHash).Append(Tls?.GrantsHash).OfType<string>();

    /// <summary>What a revision keeps files of.</summary>
    public IEnumerable<string> Hashes =>
        Services.Select(service => service.FilesHash).OfType<string>().Concat(GrantsHashes);

    /// <summary>Where clients reach it.</summary>
    public EquatableArray<string> Addresses() =>
        GatewayListen.Concat(GatewayTcp.Select(tcp => tcp.Listen)).Distinct().ToEquatableArray();

    public ServiceSpec? Find(ServiceName name)
    {
        var services = Services.AsSpan();
        var (low, high) = (0, services.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = services[middle].Name.CompareTo(name);
            if (order == 0) return services[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return null;
    }

    /// <summary>On one machine: ZONE-1 … ZONE-N for each zone, in the file's order.</summary>
    public IEnumerable<(NodeName Node, ZoneName Zone)> VirtualNodes() =>
        from zone in Zones
        from number in Enumerable.Range(1, NodesPerZone)
        select (NodeName.Of($"{zone.Value}-{number}"), zone);
}

/// <summary>Null: no objective was given. Ratios are 0 to 1.</summary>
public sealed record ObjectivesSpec
{
    public double? Availability { get; init; }
    public TimeSpan? LatencyP99 { get; init; }
    public TimeSpan? RecoveryTime { get; init; }
    public TimeSpan? RecoveryPoint { get; init; }
}
