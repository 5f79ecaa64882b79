using System.Globalization;
using System.Text;
using System.Text.Json;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>The rows of a data file.</summary>
public sealed class DataTable(EquatableArray<string> columns, IReadOnlyList<EquatableArray<string>> rows)
{
    public const int MostBytes = 256 << 20;
    public const int MostRows = 2_000_000, MostColumns = 1000;

    public EquatableArray<string> Columns => columns;
    public IReadOnlyList<EquatableArray<string>> Rows => rows;

    /// <summary>CSV, or one JSON object a line when the file's name ends in <c>.jsonl</c> or <c>.ndjson</c>. Null and
    /// what is wrong, with its line.</summary>
    public static DataTable? Read(DataSpec spec, string text, out int line, out string wrong)
    {
        (line, wrong) = (1, "");
        if (text.StartsWith('\uFEFF')) text = text[1..];
        var table = spec.File.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
            || spec.File.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase)
                ? Lines(text, out line, out wrong) : Csv(spec, text, out line, out wrong);
        if (table is null || wrong.Length > 0) return null;
        if (table.Rows.Count > 0) return table;
        wrong = "there is no row";
        return null;
    }

    /// <summary>The row for an iteration; null when there is none any more.</summary>
    /// <param name="before">How many were taken before: over all users, of an iteration; users before this one, of a
    /// file that is taken once.</param>
    public EquatableArray<string>? Row(DataSpec spec, long before)
    {
        if (spec.EndsUsers && before >= rows.Count) return null;
        // By index, so that who asks first does not change who gets what.
        var at = spec.Seed is { } seed
            ? (long)(new Rng(seed + (ulong)before * 0x9E3779B97F4A7C15UL).NextUInt64() % (ulong)rows.Count)
            : before % rows.Count;
        return rows[(int)at];
    }

    /// <summary>RFC 4180: quotes around what holds separators, line ends or doubled quotes.</summary>
    private static DataTable? Csv(DataSpec spec, string text, out int line, out string wrong)
    {
        (line, wrong) = (1, "");
        var (rows, fields, field, row, columns) =
            (new List<EquatableArray<string>>(), new List<string>(), new StringBuilder(), 0, spec.Columns);
        for (var at = 0; at < text.Length;)
        {
            var begins = line;
            if (!Record(text, spec, ref at, ref line, fields, field))
            {
                (line, wrong) = (begins, "a quote is opened here and not closed");
                return null;
            }
            if (fields.Count == 1 && fields[0].Length == 0) continue;
            if (fields.Count > MostColumns || rows.Count >= MostRows)
                wrong = fields.Count > MostColumns ? $"there are more than {MostColumns} columns"
                    : $"there are more than {MostRows} rows";
            var first = row++ == 0;
            if (first && columns is null)
            {
                columns = fields.Select(name => name.Trim()).ToEquatableArray();
                if (columns.Value.Any(name => name.Length == 0) || columns.Value.Distinct().Count() < fields.Count)
                    wrong = "a column has no name, or two have the same";
            }
            else if (!first || !spec.SkipsFirst) rows.Add(fields.ToEquatableArray());
            if (wrong.Length == 0) continue;
            line = begins;
            return null;
        }
        return new DataTable(columns ?? [], rows);
    }

    private static bool Record(
        string text, DataSpec spec, ref int at, ref int line, List<string> fields, StringBuilder field)
    {
        fields.Clear();
        while (true)
        {
            field.Clear();
            if (spec.Quoted && at < text.Length && text[at] == '"')
            {
                for (at++; ; at++)
                {
                    if (at >= text.Length) return false;
                    if (text[at] == '\n') line++;
                    if (text[at] != '"') field.Append(text[at]);
                    else if (at + 1 < text.Length && text[at + 1] == '"') field.Append(text[at++]);
                    else break;
                }
                at++;
            }
            while (at < text.Length && text[at] != spec.Separator && text[at] is not ('\r' or '\n')) field.Append(
                text[at++]);
            fields.Add(field.ToString());
            if (at < text.Length && text[at] == spec.Separator) at++;
            else break;
        }
        if (at < text.Length && text[at] == '\r') at++;
        if (at < text.Length && text[at] == '\n') at++;
        line++;
        return true;
    }

    private static DataTable? Lines(string text, out int line, out string wrong)
    {
        (line, wrong) = (0, "");
        var (columns, rows) = (new List<string>(), new List<EquatableArray<string>>());
        foreach (var one in text.Split('\n'))
        {
            line++;
            if (string.IsNullOrWhiteSpace(one)) continue;
            try
            {
                using var json = JsonDocument.Parse(one);
                if (json.RootElement.ValueKind != JsonValueKind.Object) wrong = "this line is not a JSON object";
                else rows.Add(Object(json.RootElement, columns));
            }
            // A name or a text may be half of a surrogate pair.
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                wrong = "this line is not JSON";
            }
            if (rows.Count > MostRows) wrong = $"there are more than {MostRows} rows";
            if (columns.Count > MostColumns) wrong = $"there are more than {MostColumns} names";
            if (wrong.Length > 0) return null;
        }
        return new DataTable(columns.ToEquatableArray(), rows);
    }

    private static EquatableArray<string> Object(JsonElement json, List<string> columns)
    {
        foreach (var property in json.EnumerateObject())
            if (!columns.Contains(property.Name) && columns.Count <= MostColumns) columns.Add(property.Name);
        return columns.Select(name => !json.TryGetProperty(name, out var value) ? ""
            : value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText()).ToEquatableArray();
    }
}
