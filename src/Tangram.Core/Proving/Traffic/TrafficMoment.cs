using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Traffic;

/// <summary>How things stand in the middle of a <see cref="TrafficRun"/>.</summary>
/// <param name="Got">Requests that each backend got so far.</param>
public sealed record TrafficMoment(Instant Now, RoutedService Service, EquatableArray<int> Got);
