using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Tangram.Routing.Rules;

/// <summary>A service's backends of its newest revision, and the others. Made once for each service of a
/// table.</summary>
public sealed class RevisionSides
{
    private static readonly ConditionalWeakTable<RoutedService, RevisionSides> Known = [];

    private readonly RoutedService _newest;
    private readonly RoutedService _older;

    private RevisionSides(RoutedService service)
    {
        var newest = service.Backends.IsEmpty ? 0 : service.Backends.Max(b => b.Revision);
        _newest = Side(service, b => b.Revision == newest);
        _older = Side(service, b => b.Revision != newest);
    }

    private static RoutedService Side(RoutedService service, Func<Backend, bool> holds)
    {
        ImmutableArray<Backend> backends = [.. service.Backends.Where(holds)];
        return service with
        {
            Backends = backends,
            Zones = ZoneSides.Of(service with { Backends = backends }),
            Maglev = service.Maglev is null || backends.IsEmpty ? null : Maglev.Of(backends.AsSpan(), null),
        };
    }

    /// <summary>The service with no other backends; as it is while it has only one revision.</summary>
    public static RoutedService Of(RoutedService service, RevisionSide side)
    {
        if (side == RevisionSide.Any) return service;
        var sides = Known.GetValue(service, static s => new RevisionSides(s));
        if (sides._older.Backends.IsEmpty) return service;
        return side == RevisionSide.Newest ? sides._newest : sides._older;
    }
}
