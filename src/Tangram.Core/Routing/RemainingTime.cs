using System.Globalization;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>How long a request may still take, as it travels in headers: of gRPC in its own, else in ours.</summary>
public static class RemainingTime
{
    /// <summary>Whole milliseconds that are left, as its sender counts.</summary>
    public const string Header = "Tangram-Timeout";

    /// <summary>At most eight digits and a unit (gRPC over HTTP/2).</summary>
    public const string GrpcHeader = "grpc-timeout";

    private const int MostDigits = 8;
    private const long MostUnits = 99_999_999;

    /// <summary>Longer times are as good as none.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Null: it says nothing that can be understood, or nothing that matters.</summary>
    public static TimeSpan? Read(string? text) =>
        Digits(text) is { } number ? Known(TimeSpan.FromMilliseconds(number)) : null;

    public static TimeSpan? ReadGrpc(string? text)
    {
        if (text is not { Length: > 1 } || Digits(text.AsSpan(0, text.Length - 1)) is not { } number) return null;
        TimeSpan? time = text[^1] switch
        {
            'H' => TimeSpan.FromHours(number),
            'M' => TimeSpan.FromMinutes(number),
            'S' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMilliseconds(number),
            'u' => TimeSpan.FromMicroseconds(number),
            'n' => new TimeSpan(number / TimeSpan.NanosecondsPerTick),
            _ => null,
        };
        return time is { } known ? Known(known) : null;
    }

    /// <summary>Rounded down: whoever reads it has no more than this.</summary>
    public static string Write(TimeSpan left) =>
        Math.Clamp((long)left.TotalMilliseconds, 0, MostUnits).ToString(CultureInfo.InvariantCulture);

    public static string WriteGrpc(TimeSpan left) => left.TotalMilliseconds <= MostUnits
        ? Write(left) + "m"
        : Math.Min((long)left.TotalSeconds, MostUnits).ToString(CultureInfo.InvariantCulture) + "S";

    /// <summary>What even the fastest backend most likely takes to begin an answer; zero when nobody knows.</summary>
    public static TimeSpan Least(RoutedService service)
    {
        var least = double.MaxValue;
        foreach (var backend in service.Backends)
            if (!backend.Counters.Ejected) least = Math.Min(least, backend.Counters.MeanLatency);
        return least < double.MaxValue ? TimeSpan.FromSeconds(least) : TimeSpan.Zero;
    }

    private static TimeSpan? Known(TimeSpan time) => time <= Longest ? time : null;

    private static long? Digits(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MostDigits
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
