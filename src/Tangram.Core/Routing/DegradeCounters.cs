using System.Globalization;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What clients were given instead of an answer of a service's own, in one gateway.</summary>
public sealed class DegradeCounters
{
    /// <summary>For so long nothing was given instead: its backends answer again.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private const long WithBackends = long.MinValue;

    private long _byOther, _stale, _fixed;
    private long _without = WithBackends;
    private long _told;
    private Instant _last;
    private bool _runs;

    public long ByOther => Interlocked.Read(ref _byOther);
    public long Stale => Interlocked.Read(ref _stale);
    public long Fixed => Interlocked.Read(ref _fixed);
    public long All => ByOther + Stale + Fixed;

    public void CountOther() => Interlocked.Increment(ref _byOther);
    public void CountStale() => Interlocked.Increment(ref _stale);
    public void CountFixed() => Interlocked.Increment(ref _fixed);

    /// <summary>For how long no backend may take a request; zero when one may, be it only a trial. A restart in place
    /// takes less than a second, for which requests can wait; after that they need not.</summary>
    public TimeSpan WithoutBackend(RoutedService service, Instant now)
    {
        foreach (var backend in service.Backends)
            if (!backend.Counters.Gone || backend.Counters.EjectedFor(now) is not { } left || left == TimeSpan.Zero)
            {
                if (Interlocked.Read(ref _without) != WithBackends) Interlocked.Exchange(ref _without, WithBackends);
                return TimeSpan.Zero;
            }
        var since = Interlocked.CompareExchange(ref _without, now.Ticks, WithBackends);
        return since == WithBackends ? TimeSpan.Zero : now - new Instant(since);
    }

    /// <summary>For people; null when nothing was given instead lately.</summary>
    public string? Sentence => !Volatile.Read(ref _runs) ? null : string.Create(CultureInfo.InvariantCulture,
        $"The gateway here has no backend that answers: {ByOther} requests were answered by another service, ")
        + string.Create(CultureInfo.InvariantCulture, $"{Stale} with an old answer and {Fixed} with a fixed one.");

    /// <summary>Told twice a second, by one caller: what people shall know, or null.</summary>
    public string? News(Instant now)
    {
        var all = All;
        if (all != _told)
        {
            (_told, _last) = (all, now);
            if (_runs) return null;
            _runs = true;
            return "no backend is left that answers: clients get less, as x-tangram.degrade says";
        }
        if (!_runs || now - _last < Quiet) return null;
        _runs = false;
        return string.Create(CultureInfo.InvariantCulture,
            $"clients get its own answers again; {ByOther} were another service's, {Stale} old and {Fixed} fixed");
    }
}
