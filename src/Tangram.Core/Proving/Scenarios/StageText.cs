using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Stages as people write them: <c>10..200 30s</c> rises (or falls) from one to the other, <c>200 1m</c>
/// stays.</summary>
public static class StageText
{
    public const string Wanted = "a stage such as '200 1m' or '10..200 30s'";

    /// <summary>Null when it is none.</summary>
    public static Stage? Read(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var height, var time] || Quantities.Duration(time) is not { } lasts) return null;
        var ends = height.Split("..");
        if (ends.Length > 2 || Quantities.Number(ends[0]) is not { } from) return null;
        return Quantities.Number(ends[^1]) is { } to ? new Stage(from, to, lasts) : null;
    }

    /// <summary>Several, with commas between; null when one of them is none.</summary>
    public static Stage[]? ReadAll(string text)
    {
        if (text.Length > 100_000) return null;
        var texts = text.Split(',');
        var stages = texts.Select(Read).OfType<Stage>().ToArray();
        return stages.Length == texts.Length ? stages : null;
    }
}
