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
        ImmutableArray<Backend> Where(Func<Backend, bool> holds) => [.. service.Backends.Where(holds)];
        _newest = service with { Backends = Where(b => b.Revision == newest) };
        _older = service with { Backends = Where(b => b.Revision != newest) };
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
