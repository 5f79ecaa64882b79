using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Collects every problem of a file, each once: a subtree that aliases share is read more than once.</summary>
public sealed class ProblemList
{
    private readonly HashSet<Problem> _problems = [];
    private readonly HashSet<Place> _wrong = [];

    public bool HasErrors => _wrong.Count > 0;

    public void Error(Place place, string what, string remedy)
    {
        _wrong.Add(place);
        _problems.Add(new Problem(Severity.Error, place, what, remedy));
    }

    public void Warn(Place place, string what, string remedy) =>
        _problems.Add(new Problem(Severity.Warning, place, what, remedy));

    /// <summary>File by file, in the order of each. A warning where an error stands would come from the value that was
    /// put in for the wrong one, and is left out.</summary>
    public EquatableArray<Problem> InOrder() => _problems
        .Where(problem => problem.Severity == Severity.Error || !_wrong.Contains(problem.Place))
        .OrderBy(problem => problem.Place.File, StringComparer.Ordinal)
        .ThenBy(problem => problem.Place.Line).ThenBy(problem => problem.Place.Column)
        .ThenBy(problem => problem.What, StringComparer.Ordinal)
        .ToEquatableArray();
}
