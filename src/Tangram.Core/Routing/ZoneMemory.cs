using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What one gateway knows of the zones of one service, carried from one route table to the next. Requests read
/// single words of it; the <see cref="ZoneBalance"/> writes them.</summary>
public sealed class ZoneMemory
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<ZoneName, ZoneStanding> _standings = [];
    private ZoneStanding? _home;
    private float _preference, _elsewhere;
    private int _anyDegraded;

    /// <summary>The gateway's own zone, when the service has backends there; null: all zones are equal.</summary>
    public ZoneStanding? Home
    {
        get => Volatile.Read(ref _home);
        internal set => Volatile.Write(ref _home, value);
    }

    /// <summary>This share of the requests is given to the own zone, and the rest as if there were no zones: 0 to
    /// 1.</summary>
    public double Preference
    {
        get => Volatile.Read(ref _preference);
        internal set => Volatile.Write(ref _preference, (float)value);
    }

    /// <summary>Seconds of an answer in the other zones; 0: not known.</summary>
    public double Elsewhere
    {
        get => Volatile.Read(ref _elsewhere);
        internal set => Volatile.Write(ref _elsewhere, (float)value);
    }

    public bool AnyDegraded
    {
        get => Volatile.Read(ref _anyDegraded) != 0;
        internal set => Volatile.Write(ref _anyDegraded, value ? 1 : 0);
    }

    /// <summary>Why <see cref="Preference"/> is not more; for people.</summary>
    public string HomeBecause { get; internal set; } = "";

    /// <summary>Windows in a row in which the own zone was slower than the others.</summary>
    internal int Strained { get; set; }

    /// <summary>Sorted by zone; those that have no backends any more too.</summary>
    public IReadOnlyList<ZoneStanding> All
    {
        get { lock (_gate) return [.. _standings.Values]; }
    }

    internal ZoneStanding Of(ZoneName zone)
    {
        lock (_gate)
        {
            if (!_standings.TryGetValue(zone, out var standing))
                _standings.Add(zone, standing = new ZoneStanding(zone));
            return standing;
        }
    }
}
