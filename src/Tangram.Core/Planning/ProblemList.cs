using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Collects every problem of a file, each once: a subtree that aliases share is read more than once.</summary>
public sealed class ProblemList
{
    private readonly HashSet<Problem> _problems = [];

    public bool HasErrors { get; private set; }

    public void Error(Place place, string what, string remedy)
    {
        HasErrors = true;
        _problems.Add(new Problem(Severity.Error, place, what, remedy));
    }

    public void Warn(Place place, string what, string remedy) =>
        _problems.Add(new Problem(Severity.Warning, place, what, remedy));

    /// <summary>In the order of the file.</summary>
    public EquatableArray<Problem> InOrder() => _problems
        .OrderBy(problem => problem.Place.Line).ThenBy(problem => problem.Place.Column)
        .ThenBy(problem => problem.What, StringComparer.Ordinal)
        .ToEquatableArray();
}
