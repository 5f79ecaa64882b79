namespace Tangram.ClusterTests.Drilling;

/// <summary>Where a drill waits for a cluster.</summary>
internal static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks until the answer is not null. Beyond the deadline the test fails with
    /// <paramref name="otherwise"/>, which says what was awaited.</summary>
    public static async Task<T> SomeAsync<T>(Func<Task<T?>> ask, TimeSpan within, Func<string> otherwise)
        where T : class
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await ask() is { } answer) return answer;
            if (TimeProvider.System.GetElapsedTime(start) > within)
                Assert.Fail($"not within {within.TotalSeconds} s: {otherwise()}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    public static Task PassedAsync(TimeSpan span) =>
        span > TimeSpan.Zero ? Task.Delay(span, TimeProvider.System) : Task.CompletedTask;
}
