using System.Globalization;

namespace Tangram.Coordinating;

/// <summary>From when until when a certificate is valid. These are dates of the world, written by another machine's
/// clock: X.509 knows no other.</summary>
public readonly record struct CertificateLife(DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>How far before its making a certificate starts to be valid. Machines without a working time service are
    /// wrong by hours, by one or twelve after a mistaken time zone; a day covers all of these, and a certificate that
    /// was valid yesterday harms nobody, because yesterday it did not exist.</summary>
    public static readonly TimeSpan BackDated = TimeSpan.FromDays(1);

    /// <summary>Time enough for people to renew it.</summary>
    private static readonly TimeSpan SoonAtMost = TimeSpan.FromDays(30);

    /// <summary>Why it is not valid now, as the end of a sentence about it, or null when it is.</summary>
    public string? Refusal(DateTimeOffset now)
    {
        if (now > Until) return $"it ended on {Shown(Until)}, and the clock here says {Shown(now)}";
        if (now < From) return $"it begins on {Shown(From)}, and the clock here says {Shown(now)}";
        return null;
    }

    /// <summary>Not valid, or for less than 30 days or a tenth of its life, whichever is shorter: then what is to be
    /// told, as the end of a sentence about it. Null while all is well.</summary>
    public string? Warning(DateTimeOffset now)
    {
        if (Refusal(now) is { } refusal) return refusal;
        var soon = TimeSpan.FromTicks(Math.Min(SoonAtMost.Ticks, (Until - From).Ticks / 10));
        return Until - now < soon ? $"it ends on {Shown(Until)}, in {Left(Until - now)}" : null;
    }

    private static string Left(TimeSpan span) => span.TotalDays >= 2
        ? Plain($"{(int)span.TotalDays} days")
        : Plain($"{(int)span.TotalHours} h {span.Minutes} min");

    public static string Shown(DateTimeOffset at) => Plain($"{at.ToUniversalTime():yyyy-MM-dd HH:mm} UTC");

    private static string Plain(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
