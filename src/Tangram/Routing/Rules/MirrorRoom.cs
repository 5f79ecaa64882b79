namespace Tangram.Routing.Rules;

/// <summary>The memory that copies of bodies may take, all together.</summary>
internal sealed class MirrorRoom(long bytes)
{
    private long _free = bytes;

    /// <summary>After true, <see cref="Give"/> must follow.</summary>
    public bool TryTake(int count)
    {
        if (Interlocked.Add(ref _free, -count) >= 0) return true;
        Interlocked.Add(ref _free, count);
        return false;
    }

    public void Give(int count) => Interlocked.Add(ref _free, count);
}
