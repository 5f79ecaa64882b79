using System.Globalization;
using System.Text.Json;
using Tangram.Cli;
using Tangram.Deploying;
using Tangram.Planning;

namespace Tangram.Proving.Drills;

/// <summary>The results of a cluster's drills, each in a file of its own in the state folder, named by when it
/// began.</summary>
/// <param name="folder">The cluster's state.</param>
internal sealed class DrillHistory(string folder)
{
    /// <summary>Four years of one each week; a result has 10 to 50 kB.</summary>
    public const int Most = 200;

    /// <summary>A thousand faults have a fifth of it.</summary>
    private const int MostBytes = 4_000_000;

    private const string Form = "yyyyMMdd'T'HHmmssfff'Z'";

    private readonly string _drills = Path.Combine(folder, "drills");

    /// <summary>Of all results, the oldest first; for whoever waits for the next.</summary>
    public IReadOnlyList<string> Names() => Files();

    /// <summary>Null: it is gone, or none of ours.</summary>
    public DrillResult? Read(string name) => Result(Path.Combine(_drills, name), _ => { });

    /// <summary>The oldest first.</summary>
    /// <param name="damaged">Is told of each file that is none of ours, or not any more.</param>
    public IEnumerable<DrillResult> Read(Action<string> damaged)
    {
        foreach (var name in Files())
            if (Result(Path.Combine(_drills, name), damaged) is { } result) yield return result;
    }

    public DrillResult? Last(string drill)
    {
        foreach (var name in Files().AsEnumerable().Reverse())
            if (Read(name) is { } result && result.Drill == drill) return result;
        return null;
    }

    /// <summary>Durably; the oldest go. Null, or why it could not be kept.</summary>
    public string? Keep(DrillResult result)
    {
        try
        {
            Directory.CreateDirectory(_drills,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var name = result.StartedAt.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture) + ".json";
            DurableFile.Write(Path.Combine(_drills, name), DrillJson.Write(Kept(result)));
            foreach (var old in Files().SkipLast(Most)) File.Delete(Path.Combine(_drills, old));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"this result could not be kept for `tangram drill --history`: {e.Message}";
        }
    }

    /// <summary>What every second was like is for its report; a day of it would be too long to keep.</summary>
    private static DrillResult Kept(DrillResult result) => result with
    {
        Load = result.Load is { } load ? load with { Seconds = [] } : null,
        Steady = result.Steady is { } steady ? steady with { Seconds = [] } : null,
    };

    private static DrillResult? Result(string path, Action<string> damaged)
    {
        var (bytes, fault, why) = new InputFile(TimeSpan.Zero).Read(path, MostBytes);
        try
        {
            if (bytes is not null) return DrillJson.Read(System.Text.Encoding.UTF8.GetString(bytes));
            if (fault == InputFault.Missing) return null;
            why = fault == InputFault.TooLarge ? $"it has more than {MostBytes} bytes" : why;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or FormatException or OverflowException
            or ArgumentException)
        {
            why = e.Message;
        }
        damaged($"{path} is no result of a drill, and is passed over: {why}");
        return null;
    }

    /// <summary>Names, the oldest first.</summary>
    private List<string> Files()
    {
        try
        {
            return [.. Directory.EnumerateFiles(_drills, "*.json").Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
