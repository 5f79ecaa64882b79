using System.Text.Json.Serialization;

namespace Tangram.Model;

/// <summary>Requests whose host is <paramref name="Host"/> (null: any; <c>*.shop.local</c>: everything below it) and
/// whose path is <paramref name="Path"/> or lies below it.</summary>
public sealed record RouteSpec(string? Host, string Path)
{
    /// <summary>The path alone, and nothing below it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Exact { get; init; }

    /// <summary>Among routes of one host and path the higher is asked first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Priority { get; init; }

    /// <summary>What else a request must be like; null: nothing.</summary>
    public ConditionsSpec? When { get; init; }

    /// <summary>What becomes of a request beside being sent to the service; null: nothing.</summary>
    public TreatmentSpec? Treatment { get; init; }

    /// <summary>Of a route that no service owns: where it leads.</summary>
    public ServiceName? To { get; init; }

    /// <summary>What it asks of requests. Of two routes that agree on it only one could ever be taken.</summary>
    public RouteSpec Match => this with { Priority = 0, Treatment = null, To = null };
}

/// <summary>All of it must hold; of a list, one. Lists are sorted.</summary>
public sealed record ConditionsSpec
{
    public string? Scheme { get; init; }
    public EquatableArray<string> Methods { get; init; }

    /// <summary>A regular expression that must match somewhere in the path.</summary>
    public string? PathRegex { get; init; }
    public EquatableArray<ValueConditionSpec> Values { get; init; }

    /// <summary>CIDR blocks.</summary>
    public EquatableArray<string> Clients { get; init; }
    public EquatableArray<DeviceClass> Devices { get; init; }
    public EquatableArray<RequestType> Types { get; init; }

    /// <summary>How many conditions these are: of two routes the one with more is the more special one.</summary>
    public int Count => Values.Count + (Scheme is null ? 0 : 1) + (PathRegex is null ? 0 : 1)
        + (Methods.Count > 0 ? 1 : 0) + (Clients.Count > 0 ? 1 : 0) + (Devices.Count > 0 ? 1 : 0)
        + (Types.Count > 0 ? 1 : 0);
}

public enum ValueSource { Header, Cookie, Query }

public enum ValueTest { Exact, Prefix, Regex, Present, Absent }

/// <summary>A test of one header, cookie or query parameter. Where it stands several times, one value that passes is
/// enough.</summary>
/// <param name="Name">A header's in lower case.</param>
/// <param name="Value">Empty for present and absent.</param>
public sealed record ValueConditionSpec(ValueSource Source, string Name, ValueTest Test, string Value);

/// <summary>What kind of device a client says it is.</summary>
public enum DeviceClass { Desktop, Mobile, Tablet, Bot }

/// <summary>What kind of request it looks like.</summary>
public enum RequestType { Api, Page, Asset, Upload, WebSocket, Grpc }

public sealed record TreatmentSpec
{
    public RedirectSpec? Redirect { get; init; }

    /// <summary>Stands in the place of the route's path.</summary>
    public string? Rewrite { get; init; }
    public SplitSpec? Split { get; init; }
    public EquatableArray<HeaderChange> RequestHeaders { get; init; }
    public EquatableArray<HeaderChange> ResponseHeaders { get; init; }
    public RateLimitSpec? RateLimit { get; init; }
    public MirrorSpec? Mirror { get; init; }

    /// <summary>How long it may take, over all attempts, until an answer begins.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Of its requests; null: normal, or as a trusted caller says.</summary>
    public PriorityClass? PriorityClass { get; init; }
}

/// <summary>Where a client is sent instead. What is null stays as the client asked; <paramref name="Path"/> stands in
/// the place of the route's path.</summary>
/// <param name="Host">With a port, when it has one.</param>
public sealed record RedirectSpec(int Status, string? Scheme, string? Host, string? Path);

/// <summary>What tells one user or caller from another.</summary>
public enum KeySource { Client, Header, Cookie, None }

/// <param name="Name">Of the header or cookie.</param>
public sealed record KeySpec(KeySource Source, string? Name);

/// <summary>Shares of the requests go elsewhere; the rest goes to the route's own service.</summary>
/// <param name="By">The same key always goes to the same side; <see cref="KeySource.None"/>: at random.</param>
public sealed record SplitSpec(KeySpec By, EquatableArray<SplitShare> Shares);

/// <param name="To">Null: the newest revision of the route's own service.</param>
/// <param name="Share">From 0 to 1.</param>
public sealed record SplitShare(ServiceName? To, double Share);

public enum HeaderVerb { Set, Add, Remove }

/// <param name="Value">Null when it is removed.</param>
public sealed record HeaderChange(HeaderVerb Verb, string Name, string? Value);

/// <summary>At most <paramref name="Burst"/> requests at once, and <paramref name="Requests"/> in each
/// <paramref name="Per"/>, for each key; with <see cref="KeySource.None"/> for the route as a whole.</summary>
public sealed record RateLimitSpec(int Requests, TimeSpan Per, int Burst, KeySpec By);

/// <summary>A share of the requests is also sent to <paramref name="To"/>, and its answers are dropped.</summary>
/// <param name="Body">Requests with a longer body are not copied. In bytes.</param>
public sealed record MirrorSpec(ServiceName To, double Share, int Body);
