using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>This process's monotonic clock as <see cref="Instant"/>s.</summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    private readonly long _origin = time.GetTimestamp();

    public TimeProvider Time => time;
    public Instant Now => new(time.GetElapsedTime(_origin).Ticks + 1);
}
