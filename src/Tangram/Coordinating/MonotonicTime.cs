using Tangram.Model;

namespace Tangram.Coordinating;

internal static class MonotonicTime
{
    /// <summary>Now, on this process's monotonic clock.</summary>
    public static Instant Now(this TimeProvider time) => Instant.Zero + time.GetElapsedTime(0);
}
