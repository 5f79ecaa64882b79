using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Finds backends that owe answers and give none. A connection whose path is cut looks like one to a slow
/// program; only a new connection tells them apart, for a kernel accepts it even while its program thinks. So this says
/// when it is worth to try one. One caller at a time.</summary>
/// <remarks>Long answers, streams and WebSockets are in flight without an answer too. For them the tries become rare:
/// after <see cref="Silence"/>, then after twice the time each, up to <see cref="Rarest"/>.</remarks>
public sealed class SilenceWatch
{
    /// <summary>Most answers take less, and with the connect time-out after it a client with a time-out of a few
    /// seconds still gets the answer of another backend.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan Rarest = TimeSpan.FromSeconds(30);

    private Dictionary<BackendCounters, Waiting> _waiting = [];

    /// <summary>Adds the backends to which a connection is to be tried now.</summary>
    public void Look(IEnumerable<Backend> backends, Instant now, List<Backend> ask)
    {
        var waiting = new Dictionary<BackendCounters, Waiting>();
        foreach (var backend in backends)
        {
            var counters = backend.Counters;
            if (counters.InFlight == 0) continue;
            var answers = counters.Successes + counters.Failures;
            var silent = _waiting.TryGetValue(counters, out var known) && known.Answers == answers
                ? known
                : new Waiting(answers, now + Silence, Silence);
            if (now >= silent.Ask)
            {
                ask.Add(backend);
                var longer = silent.Pause * 2 < Rarest ? silent.Pause * 2 : Rarest;
                silent = new Waiting(answers, now + longer, longer);
            }
            waiting[counters] = silent;
        }
        _waiting = waiting;
    }

    private readonly record struct Waiting(long Answers, Instant Ask, TimeSpan Pause);
}
