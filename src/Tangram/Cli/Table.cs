namespace Tangram.Cli;

/// <summary>Aligned columns of plain text; the last one is not padded. On a terminal it fits: columns give way one
/// after the other, first by an ellipsis, then altogether. Elsewhere nothing is cut.</summary>
internal sealed class Table(params string[] headings)
{
    /// <summary>A column that is cut keeps so much, or its heading.</summary>
    private const int LeastWidth = 8;
    private const int Gap = 2;

    private readonly List<string[]> _rows = [headings];

    /// <summary>The headings of the columns that give way before others, in order. After them the last goes first, and
    /// the first one stays.</summary>
    public string[] Yields { get; init; } = [];

    /// <summary>The headings of columns of numbers.</summary>
    public string[] Right { get; init; } = [];

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(CellText.Clean)]);

    public void Write(TextWriter to) => Write(to, null, colour: false);

    public void Write(Surroundings around) => Write(around.Out, around.Width, around.Colour);

    public void Write(TextWriter to, int? width, bool colour)
    {
        var natural = headings.Select((_, column) => _rows.Max(row => CellText.Width(row[column]))).ToArray();
        var widths = width is { } limit ? Fitting(natural, limit) : natural;
        foreach (var row in _rows)
        {
            var cells = row.Select((cell, i) => (Text: cell, Column: i)).Where(c => widths[c.Column] > 0)
                .Select(c => Shown(c.Text, c.Column, widths[c.Column], colour && row != _rows[0]));
            to.WriteLine(string.Join(new string(' ', Gap), cells).TrimEnd());
        }
    }

    /// <summary>0 for a column that is left out.</summary>
    private int[] Fitting(int[] natural, int limit)
    {
        var order = Order();
        for (var left = 0; ; left++)
        {
            int[] widths = [.. natural];
            foreach (var column in order.Take(left)) widths[column] = 0;
            var over = widths.Sum(w => w == 0 ? 0 : w + Gap) - Gap - limit;
            foreach (var column in order.Skip(left))
            {
                if (over <= 0) return widths;
                var least = Math.Min(widths[column], Math.Max(LeastWidth, headings[column].Length));
                var given = Math.Min(over, widths[column] - least);
                (widths[column], over) = (widths[column] - given, over - given);
            }
            if (over <= 0) return widths;
            if (left < order.Count) continue;
            widths[0] = Math.Min(widths[0], limit);
            return widths;
        }
    }

    private List<int> Order()
    {
        var first = Yields.Select(heading => Array.IndexOf(headings, heading)).Where(column => column > 0).ToList();
        var rest = Enumerable.Range(1, headings.Length - 1).Reverse().Except(first);
        return [.. first, .. rest];
    }

    private string Shown(string cell, int column, int width, bool colour)
    {
        var cut = CellText.Cut(cell, width);
        var blanks = new string(' ', width - CellText.Width(cut));
        var code = colour && headings[column] == "STATE" ? Colour(cell) : null;
        var painted = code is null ? cut : $"\e[{code}m{cut}\e[0m";
        return Right.Contains(headings[column]) ? blanks + painted : painted + blanks;
    }

    /// <summary>Of the words for states of replicas and nodes: green is well, red is not, yellow is on its
    /// way.</summary>
    private static string? Colour(string state) => state switch
    {
        "ready" or "completed" or "in force" or "up" => "32",
        "ejected" or "breaker open" or
            "failed" or "lost" or "dead" or "silent" or "unready" => "31",
        "trial" or "breaker half-open" or
            "pending" or "starting" or "waiting" or "draining" or "stopping" or "drained" or "restarting" => "33",
        _ => null,
    };
}
