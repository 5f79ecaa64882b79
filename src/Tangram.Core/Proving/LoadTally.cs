using Tangram.Model;

namespace Tangram.Proving;

/// <summary>Counts how requests ended, one class; what went well costs no memory. Not safe for several threads at
/// once.</summary>
public sealed class LoadTally(string name)
{
    /// <summary>Per kind of trouble; more would only repeat it.</summary>
    public const int MostExamples = 3;

    /// <summary>Statuses have three digits; kinds of failure are counted behind them.</summary>
    private const int MostStatuses = 1000;

    private static readonly int Kinds = MostStatuses + Enum.GetValues<LoadFailure>().Length;

    private readonly long[] _statuses = new long[MostStatuses];
    private readonly Trouble?[] _troubles = new Trouble?[Kinds];

    public string Name => name;
    public long Sent { get; private set; }
    public long Ok { get; private set; }
    public long NonSuccess { get; private set; }
    public long Failed { get; private set; }
    public long Abandoned { get; private set; }
    public long Elsewhere { get; private set; }

    public IEnumerable<LoadExample> Examples => Troubles.SelectMany(t => t.Examples);

    private IEnumerable<Trouble> Troubles => _troubles.OfType<Trouble>();

    public void Add(in LoadSample sample)
    {
        var outcome = sample.Outcome;
        if (outcome.Failure is not LoadFailure.Unsent) Sent++;
        if (outcome.Elsewhere) Elsewhere++;
        if (outcome.Failure is null) _statuses[outcome.Status]++;
        if (outcome.Ok) Ok++;
        else if (outcome.Failure is LoadFailure.Abandoned) Abandoned++;
        else
        {
            if (outcome.Failure is null) NonSuccess++;
            else Failed++;
            Note(sample);
        }
    }

    /// <summary>As if all that the other one has counted had been counted here too.</summary>
    public void Add(LoadTally other) => Add(other.Written());

    internal WrittenTally Written() => new(Sent, Ok, NonSuccess, Failed, Abandoned, Elsewhere,
        [.. Enumerable.Range(0, MostStatuses).Where(s => _statuses[s] > 0)
            .Select(s => new StatusCount(s, _statuses[s]))],
        [.. _troubles.Index().Where(t => t.Item is not null).Select(t => t.Item!.Written(
            t.Index < MostStatuses ? t.Index : 0,
            t.Index < MostStatuses ? null : (LoadFailure)(t.Index - MostStatuses)))]);

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    internal void Add(WrittenTally other)
    {
        WrittenCounts.Check(other is { Sent: >= 0, Ok: >= 0, NonSuccess: >= 0, Failed: >= 0, Abandoned: >= 0,
                Elsewhere: >= 0 }
            && other.Statuses.All(s => s is { Status: >= 0 and < MostStatuses, Count: >= 0 })
            && other.Troubles.All(t => t is { Status: >= 0 and < MostStatuses, Count: >= 0,
                    Examples.Length: <= MostExamples }
                && !t.Examples.Contains(null!) && (t.Failure is not { } failure || Enum.IsDefined(failure))),
            "these counts");
        Sent += other.Sent;
        Ok += other.Ok;
        NonSuccess += other.NonSuccess;
        Failed += other.Failed;
        Abandoned += other.Abandoned;
        Elsewhere += other.Elsewhere;
        foreach (var status in other.Statuses) _statuses[status.Status] += status.Count;
        foreach (var trouble in other.Troubles) Known(trouble.Status, trouble.Failure).Add(trouble);
    }

    public LoadCounts Counts(LatencySummary latency, LatencySummary uncorrected) => new()
    {
        Name = name,
        Sent = Sent, Ok = Ok, NonSuccess = NonSuccess, Failed = Failed, Abandoned = Abandoned,
        Elsewhere = Elsewhere,
        // 0: messages, which have none.
        Statuses = Enumerable.Range(1, MostStatuses - 1).Where(s => _statuses[s] > 0)
            .Select(s => new StatusCount(s, _statuses[s])).ToEquatableArray(),
        Troubles = Troubles.OrderBy(t => t.Kind, StringComparer.Ordinal).Select(t => t.Told).ToEquatableArray(),
        Latency = latency, Uncorrected = uncorrected,
    };

    private void Note(in LoadSample sample)
    {
        var outcome = sample.Outcome;
        Known(outcome.Status, outcome.Failure).Add(name, sample);
    }

    private Trouble Known(int status, LoadFailure? failure) =>
        _troubles[failure is { } kind ? MostStatuses + (int)kind : status] ??=
            new Trouble(failure?.ToString() ?? $"HTTP {status}");

    private sealed class Trouble(string kind)
    {
        private readonly List<LoadExample> _examples = [];
        private long _count;
        private TimeSpan _first = TimeSpan.MaxValue, _last;

        public string Kind => kind;
        public IReadOnlyList<LoadExample> Examples => _examples;
        public LoadTrouble Told => new(kind, _count, _first, _last);

        public void Add(string @class, in LoadSample sample)
        {
            Span(1, sample.Ended, sample.Ended);
            if (_examples.Count < MostExamples)
                _examples.Add(new LoadExample(
                    @class, sample.Index, sample.Begun, sample.Ended, kind, sample.Outcome.What));
        }

        public WrittenTrouble Written(int status, LoadFailure? failure) =>
            new(status, failure, _count, _first, _last, [.. _examples]);

        public void Add(WrittenTrouble other)
        {
            Span(other.Count, other.First, other.Last);
            var kept = _examples.Concat(other.Examples).OrderBy(e => e.Ended).Take(MostExamples).ToArray();
            _examples.Clear();
            _examples.AddRange(kept);
        }

        private void Span(long count, TimeSpan first, TimeSpan last)
        {
            _count += count;
            if (first < _first) _first = first;
            if (last > _last) _last = last;
        }
    }
}
