using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Collects every problem of a file, each once: a subtree that aliases share is read more than once.</summary>
public sealed class ProblemList
{
    /// <summary>Errors, and as many warnings: two for each of 10,000 services. Nobody reads more.</summary>
    public const int Most = 20_000;

    private const int LongestSentence = 900;

    private readonly HashSet<Problem> _problems = [];
    private readonly HashSet<Place> _wrong = [];
    private int _warnings, _leftOut;

    public bool HasErrors => _wrong.Count > 0;

    /// <summary>Those that are told.</summary>
    public int Errors => _problems.Count - _warnings;

    /// <summary>Another error would be counted and not told, so that there is no point in wording it.</summary>
    public bool Full => Errors >= Most;

    public void Error(Place place, string what, string remedy)
    {
        if (Full)
        {
            _leftOut++;
            return;
        }
        _wrong.Add(place);
        _problems.Add(new Problem(Severity.Error, place, Sentence(what), Sentence(remedy)));
    }

    public void Warn(Place place, string what, string remedy)
    {
        if (_warnings >= Most) _leftOut++;
        else if (_problems.Add(new Problem(Severity.Warning, place, Sentence(what), Sentence(remedy)))) _warnings++;
    }

    /// <summary>File by file, in the order of each. A warning where an error stands would come from the value that was
    /// put in for the wrong one, and is left out.</summary>
    public EquatableArray<Problem> InOrder() => Told().Concat(LeftOut()).ToEquatableArray();

    private IEnumerable<Problem> Told() => _problems
        .Where(problem => problem.Severity == Severity.Error || !_wrong.Contains(problem.Place))
        .OrderBy(problem => problem.Place.File, StringComparer.Ordinal)
        .ThenBy(problem => problem.Place.Line).ThenBy(problem => problem.Place.Column)
        .ThenBy(problem => problem.What, StringComparer.Ordinal);

    private IEnumerable<Problem> LeftOut() => _leftOut == 0 ? [] :
    [
        new Problem(HasErrors ? Severity.Error : Severity.Warning,
            _problems.First().Place with { Line = 0, Column = 0 }, $"{_leftOut} more problems are not shown",
            "mend those that are, and read the file again"),
    ];

    /// <summary>What the author wrote may stand in it, and has no end of its own.</summary>
    private static string Sentence(string text) =>
        text.Length <= LongestSentence && !text.Any(char.IsControl) ? text : Quoted.Plain(text, LongestSentence);
}
