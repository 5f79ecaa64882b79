namespace Tangram.Routing.Records;

/// <summary>Requests by the class of their status, counted without a lock.</summary>
public sealed class CodeCounts
{
    /// <summary>By index; the first is for those without a status, because the client left.</summary>
    public static readonly string[] Classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

    private readonly long[] _counts = new long[Classes.Length];

    public void Count(int status)
    {
        var index = status / 100;
        Interlocked.Increment(ref _counts[index < Classes.Length ? index : 0]);
    }

    /// <param name="index">Of <see cref="Classes"/>.</param>
    public long Of(int index) => Interlocked.Read(ref _counts[index]);

    public long Sum()
    {
        var sum = 0L;
        for (var i = 0; i < Classes.Length; i++) sum += Of(i);
        return sum;
    }

    /// <summary>Those of 5xx.</summary>
    public long Errors => Of(5);
}
