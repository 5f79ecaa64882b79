using System.Globalization;

namespace Tangram.Deploying;

/// <summary>When a replica's output was how long: <c>NAME.log.times</c>, a line for each second in which it grew. Lines
/// carry no time, so this is how "since" is answered, to the second; far back it becomes coarser. Losing the file costs
/// only that.</summary>
internal sealed class LogTimes(LogFile log)
{
    /// <summary>Marks of about 25 bytes: beyond it the older half is thinned to every second one.</summary>
    private const int Most = 2_000;

    private string Path => log.LivePath + ".times";

    /// <summary>Notes how long it is now. One caller at a time. Throws <see cref="IOException"/>.</summary>
    public void Mark(DateTimeOffset now)
    {
        var mark = string.Create(CultureInfo.InvariantCulture, $"{now.ToUnixTimeSeconds()} {log.End()}\n");
        File.AppendAllText(Path, mark);
        if (new FileInfo(Path).Length < Most * mark.Length) return;
        var marks = File.ReadAllLines(Path);
        File.WriteAllLines(Path + ".new", marks.Where((_, i) => i >= marks.Length / 2 || i % 2 == 0));
        File.Move(Path + ".new", Path, overwrite: true);
    }

    /// <summary>Where what was written after a moment begins, or a little before; 0 when all of it was, null when
    /// nothing was noted.</summary>
    public long? EndAt(DateTimeOffset moment)
    {
        if (!File.Exists(Path)) return null;
        long? end = null;
        foreach (var line in File.ReadLines(Path))
            if (line.Split(' ') is [var time, var length] && long.TryParse(time, out var seconds)
                && long.TryParse(length, out var offset))
            {
                if (seconds > moment.ToUnixTimeSeconds()) return end ?? 0;
                end = offset;
            }
        return end;
    }

    public void Delete() => File.Delete(Path);
}
