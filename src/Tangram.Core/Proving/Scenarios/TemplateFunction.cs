using System.Globalization;
using System.Text;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>A function of a <see cref="Template"/>, by JMeter's name and meaning.</summary>
/// <param name="Takes">How many arguments, in words.</param>
/// <param name="Settled">It gives the same all through the run, to everybody.</param>
internal sealed record TemplateFunction(
    string Name, int Least, int Most, string Takes, bool Settled,
    Func<string[], ScenarioUser, DateTimeOffset, string> Call)
{
    private const int LongestRandom = 10_000;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";

    public static readonly IReadOnlyList<TemplateFunction> All =
    [
        new("__P", 1, 2, "a property's name and a default", true,
            (given, user, _) => user.Property(given[0]) ?? (given.Length > 1 ? given[1] : "1")),
        new("__property", 1, 3, "a property's name, a variable and a default", true,
            (given, user, _) => Kept(user, given, 1,
                user.Property(given[0]) ?? (given.Length > 2 ? given[2] : given[0]))),
        new("__threadNum", 0, 0, "no argument", false, (_, user, _) => Text(user.Number)),
        new("__UUID", 0, 0, "no argument", false, (_, user, _) => Uuid(user.Rng)),
        new("__Random", 2, 3, "the least, the most and a variable", false,
            (given, user, _) => Kept(user, given, 2, Between(given[0], given[1], user.Rng))),
        new("__RandomString", 1, 3, "a length, the characters and a variable", false,
            (given, user, _) => Kept(user, given, 2, Random(given, user.Rng))),
        new("__time", 0, 2, "a format and a variable", false,
            (given, user, now) => Kept(user, given, 1, Time(given.Length > 0 ? given[0] : "", now))),
        new("__counter", 1, 2, "TRUE (one for each user) or FALSE (one for all), and a variable", false,
            (given, user, _) => Kept(user, given, 1,
                Text(given[0].Trim().Equals("TRUE", StringComparison.OrdinalIgnoreCase)
                    ? user.CountOwn() : user.Run.Count()))),
        new("__urlencode", 1, 1, "a text", true, (given, _, _) => Uri.EscapeDataString(given[0])),
    ];

    public static TemplateFunction? Find(string name) => All.FirstOrDefault(f => f.Name == name);

    private static string Kept(ScenarioUser user, string[] given, int at, string value)
    {
        if (given.Length > at && given[at].Trim() is { Length: > 0 } name) user.Set(name, value);
        return value;
    }

    private static string Between(string least, string most, Rng rng)
    {
        if (!long.TryParse(least.Trim(), CultureInfo.InvariantCulture, out var from)
            || !long.TryParse(most.Trim(), CultureInfo.InvariantCulture, out var to)) return "";
        if (to <= from) return Text(from);
        var span = (ulong)(to - from) + 1;
        return Text(from + (long)(span == 0 ? rng.NextUInt64() : rng.NextUInt64() % span));
    }

    private static string Random(string[] given, Rng rng)
    {
        var from = given.Length > 1 && given[1].Length > 0 ? given[1] : Letters;
        if (!int.TryParse(given[0].Trim(), CultureInfo.InvariantCulture, out var length)) return "";
        var text = new StringBuilder();
        for (var i = 0; i < Math.Clamp(length, 0, LongestRandom); i++) text.Append(from[rng.Next(from.Length)]);
        return text.ToString();
    }

    /// <summary>RFC 9562, version 4.</summary>
    private static string Uuid(Rng rng)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, rng.NextUInt64());
        BitConverter.TryWriteBytes(bytes[8..], rng.NextUInt64());
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x40);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>Milliseconds since 1970; <c>/N</c> divides them; else one of Java's date patterns, in UTC.</summary>
    private static string Time(string format, DateTimeOffset now)
    {
        var since = now.ToUnixTimeMilliseconds();
        if (format.Length == 0) return Text(since);
        if (format[0] == '/' && long.TryParse(format.AsSpan(1), CultureInfo.InvariantCulture, out var by) && by > 0)
            return Text(since / by);
        var known = format.Replace("SSS", "fff").Replace("XXX", "zzz").Replace("EEE", "ddd").Replace('a', 't');
        try
        {
            return now.ToUniversalTime().ToString(known, CultureInfo.InvariantCulture);
        }
        catch (FormatException)
        {
            return format;
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
