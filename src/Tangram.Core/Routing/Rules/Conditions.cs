using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>What a route asks beside host and path, ready to be asked; the cheapest first.</summary>
internal sealed class Conditions
{
    private readonly ConditionsSpec _spec;
    private readonly string[] _methods;
    private readonly ValueCondition[] _values;
    private readonly Networks? _clients;
    private readonly BoundedPattern? _path;
    private readonly int _devices;
    private readonly int _types;

    public Conditions(ConditionsSpec spec)
    {
        _spec = spec;
        _methods = [.. spec.Methods];
        _values = [.. spec.Values.Select(value => new ValueCondition(value))];
        _clients = spec.Clients.Count > 0 ? new Networks(spec.Clients) : null;
        _path = spec.PathRegex is { } pattern ? BoundedPattern.Make(pattern) : null;
        foreach (var device in spec.Devices) _devices |= 1 << (int)device;
        foreach (var type in spec.Types) _types |= 1 << (int)type;
    }

    public bool Hold<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        if (_methods.Length > 0 && !_methods.AsSpan().Contains(request.Method)) return false;
        if (_spec.Scheme is { } scheme && !scheme.Equals(request.Scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        foreach (var value in _values) if (!value.Holds(request)) return false;
        if (_types != 0 && (_types & (1 << (int)RequestTypes.Of(request))) == 0) return false;
        if (_devices != 0 && (_devices & (1 << (int)Devices.Of(request))) == 0) return false;
        if (_clients is not null && !(request.Client is { } client && _clients.Contains(client))) return false;
        return _path is null || _path.Matches(request.Path);
    }
}
