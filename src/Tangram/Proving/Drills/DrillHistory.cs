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

    /// <summary>The name of the newest, for whoever waits for the next; "" when there is none.</summary>
    public string Newest() => Files().LastOrDefault() ?? "";

    /// <summary>The oldest first.</summary>
    /// <param name="damaged">Is told of each file that is none of ours, or not any more.</param>
    /// <param name="after">Only those newer than the file of this name.</param>
    public IEnumerable<DrillResult> Read(Action<string> damaged, string after = "")
    {
        foreach (var name in Files().Where(name => string.CompareOrdinal(name, after) > 0))
            if (Result(Path.Combine(_drills, name), damaged) is { } result) yield return result;
    }

    public DrillResult? Last(string drill, Action<string> damaged) =>
        Read(damaged).LastOrDefault(result => result.Drill == drill);

    /// <summary>Durably; the oldest go. Null, or why it could not be kept.</summary>
    public string? Keep(DrillResult result)
    {
        try
        {
            Directory.CreateDirectory(_drills,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var name = result.StartedAt.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture) + ".json";
            DurableFile.Write(Path.Combine(_drills, name), DrillJson.Write(result));
            foreach (var old in Files().SkipLast(Most)) File.Delete(Path.Combine(_drills, old));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"this result could not be kept for `tangram drill --history`: {e.Message}";
        }
    }

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
