using Tangram.Model;
using Tangram.Routing.Records;

namespace Tangram.Routing.Rules;

/// <summary>A route of the file, ready to be asked and followed.</summary>
public sealed class Route
{
    private readonly Conditions? _conditions;

    internal Route(RouteSpec spec, ServiceName? owner, RateLimiter? limiter, string name, RouteFigures figures)
    {
        (Spec, Service, Limiter, Name, Figures) = (spec, spec.To ?? owner, limiter, name, figures);
        if (spec.When is { } when) _conditions = new Conditions(when);
        // A redirect that changes nothing but the scheme is for requests of the other one, or it would never end.
        if (spec.Treatment?.Redirect is { Scheme: { } scheme, Host: null, Path: null })
            OnlyScheme = scheme == "https" ? "http" : "https";
    }

    /// <summary>As of a request that came to the service's own address.</summary>
    public static Route To(ServiceName service) =>
        new(new RouteSpec(null, "/"), service, limiter: null, name: "", new RouteFigures());

    public RouteSpec Spec { get; }

    /// <summary>HOST/PATH, where * is any host and = stands before a path that is taken alone; of those that are told
    /// apart by conditions, all but the first have #NUMBER behind it.</summary>
    public string Name { get; }

    /// <summary>They outlive route tables.</summary>
    public RouteFigures Figures { get; }
    public TreatmentSpec? Treatment => Spec.Treatment;

    /// <summary>Where it leads; null: nowhere but to its redirect.</summary>
    public ServiceName? Service { get; }

    /// <summary>Its counters outlive route tables.</summary>
    public RateLimiter? Limiter { get; }

    private string? OnlyScheme { get; }

    internal bool Takes<TRequest>(TRequest request) where TRequest : struct, IRequestView =>
        (OnlyScheme is null || OnlyScheme.Equals(request.Scheme, StringComparison.OrdinalIgnoreCase))
        && (_conditions is null || _conditions.Hold(request));
}
