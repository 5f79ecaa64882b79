using System.Text;
using System.Text.RegularExpressions;

namespace Tangram.ClusterTests.Drilling;

/// <summary>A command of a document's <c>console</c> blocks, and what it says that the command prints.</summary>
/// <param name="Expected">In it, … stands for any text of a line, or, alone, for any number of lines.</param>
internal sealed record TourStep(int Line, string Command, string[] Expected)
{
    private const string Anything = "…";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<TourStep> Of(string document)
    {
        var (steps, inside, number) = (new List<TourStep>(), false, 0);
        foreach (var line in document.Split('\n'))
        {
            number++;
            if (line.StartsWith("```", StringComparison.Ordinal)) inside = line == "```console";
            else if (inside && line.StartsWith("$ ", StringComparison.Ordinal))
                steps.Add(new TourStep(number, line[2..], []));
            else if (inside && steps.Count > 0)
                steps[^1] = steps[^1] with { Expected = [.. steps[^1].Expected, line] };
        }
        return steps;
    }

    /// <summary>Widths of columns do not count, and neither do empty lines.</summary>
    public bool Matches(string printed)
    {
        var pattern = new StringBuilder("^");
        foreach (var line in Lines(string.Join('\n', Expected)))
            pattern.Append(line == Anything ? @"(?:.*\n)*?"
                : Regex.Escape(line).Replace(Anything, ".*", StringComparison.Ordinal) + @"\n");
        var text = string.Concat(Lines(printed).Select(line => line + "\n"));
        return Regex.IsMatch(text, pattern.Append(@"\z").ToString(), RegexOptions.None, Patience);
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n')
        .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        .Where(line => line != "");
}
