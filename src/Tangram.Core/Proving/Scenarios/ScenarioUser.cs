using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>What all users of a run share. Safe for many threads.</summary>
public sealed class ScenarioTable(
    IReadOnlyDictionary<string, string> variables, IReadOnlyDictionary<string, string> properties)
{
    private long _counter;

    internal IReadOnlyDictionary<string, string> Variables => variables;
    internal IReadOnlyDictionary<string, string> Properties => properties;

    internal long Count() => Interlocked.Increment(ref _counter);
}

/// <summary>One user while the run lasts: what this user knows. Not safe for several threads at once.</summary>
/// <param name="number">From 1.</param>
public sealed class ScenarioUser(int number, Rng rng, ScenarioTable run)
{
    /// <summary>Most users have none or a few: made when first needed.</summary>
    private Dictionary<string, string>? _own;
    private EquatableArray<string> _columns, _row;
    private long _counter;

    public int Number => number;
    public Rng Rng => rng;
    internal ScenarioTable Run => run;

    public void Set(string name, string value) => (_own ??= new(StringComparer.Ordinal))[name] = value;

    /// <summary>The row of a data file, which this user has from now on. A second file's is kept value by
    /// value.</summary>
    public void Take(EquatableArray<string> columns, EquatableArray<string> row)
    {
        if (_columns.Count == 0 || _columns == columns) (_columns, _row) = (columns, row);
        else
            for (var i = 0; i < columns.Count; i++) Set(columns[i], i < row.Count ? row[i] : "");
    }

    /// <summary>Null when nothing has this name. What was set last wins, then data, then the scenario's
    /// variables.</summary>
    public string? Find(string name)
    {
        if (_own is not null && _own.TryGetValue(name, out var own)) return own;
        for (var i = 0; i < _columns.Count; i++)
            if (_columns[i] == name) return i < _row.Count ? _row[i] : "";
        return run.Variables.GetValueOrDefault(name);
    }

    internal string? Property(string name) => run.Properties.GetValueOrDefault(name.Trim());

    internal long CountOwn() => ++_counter;
}
