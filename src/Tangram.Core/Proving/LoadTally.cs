using Tangram.Model;

namespace Tangram.Proving;

/// <summary>Counts how requests ended, one class. Not safe for several threads at once.</summary>
public sealed class LoadTally(string name)
{
    /// <summary>Per kind of trouble; more would only repeat it.</summary>
    public const int MostExamples = 3;

    private readonly SortedDictionary<int, long> _statuses = [];
    private readonly SortedDictionary<string, LoadTrouble> _troubles = new(StringComparer.Ordinal);
    private readonly List<LoadExample> _examples = [];

    public string Name => name;
    public long Sent { get; private set; }
    public long Ok { get; private set; }
    public long NonSuccess { get; private set; }
    public long Failed { get; private set; }
    public long Abandoned { get; private set; }
    public long Elsewhere { get; private set; }

    public IReadOnlyList<LoadExample> Examples => _examples;

    public void Add(LoadSample sample)
    {
        var outcome = sample.Outcome;
        if (outcome.Failure is not LoadFailure.Unsent) Sent++;
        if (outcome.Elsewhere) Elsewhere++;
        if (outcome.Failure is null) _statuses[outcome.Status] = _statuses.GetValueOrDefault(outcome.Status) + 1;
        if (outcome.Ok) Ok++;
        else if (outcome.Failure is LoadFailure.Abandoned) Abandoned++;
        else
        {
            if (outcome.Failure is null) NonSuccess++;
            else Failed++;
            Note(sample);
        }
    }

    public LoadCounts Counts(LatencySummary latency, LatencySummary uncorrected) => new()
    {
        Name = name,
        Sent = Sent, Ok = Ok, NonSuccess = NonSuccess, Failed = Failed, Abandoned = Abandoned,
        Elsewhere = Elsewhere,
        Statuses = _statuses.Select(s => new StatusCount(s.Key, s.Value)).ToEquatableArray(),
        Troubles = _troubles.Values.ToEquatableArray(),
        Latency = latency, Uncorrected = uncorrected,
    };

    private void Note(LoadSample sample)
    {
        var kind = sample.Outcome.Failure?.ToString() ?? $"HTTP {sample.Outcome.Status}";
        var known = _troubles.GetValueOrDefault(kind) ?? new LoadTrouble(kind, 0, sample.Ended, sample.Ended);
        _troubles[kind] = known with
        {
            Count = known.Count + 1,
            First = sample.Ended < known.First ? sample.Ended : known.First,
            Last = sample.Ended > known.Last ? sample.Ended : known.Last,
        };
        if (known.Count < MostExamples)
            _examples.Add(new LoadExample(name, sample.Index, sample.Begun, sample.Ended, kind, sample.Outcome.What));
    }
}
