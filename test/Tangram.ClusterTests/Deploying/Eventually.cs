namespace Tangram.ClusterTests.Deploying;

/// <summary>The one place where a test of real processes waits.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15), Pause = TimeSpan.FromMilliseconds(10);

    public static async Task True(Func<bool> condition, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Deadline)
                Assert.Fail($"not within {Deadline.TotalSeconds} s: {what}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
