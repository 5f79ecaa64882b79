namespace Tangram.Routing;

/// <summary>From a key of a request to a number that is the same in every gateway and every process. FNV-1a with
/// SplitMix64's finish, so that keys that differ in one character differ in half of the bits. Not for
/// secrets.</summary>
public static class KeyHash
{
    private const ulong Basis = 0xCBF29CE484222325UL;
    private const ulong Prime = 0x100000001B3UL;

    public static ulong Of(ReadOnlySpan<char> key)
    {
        var hash = Basis;
        foreach (var c in key) hash = (hash ^ c) * Prime;
        return Mix(hash);
    }

    public static ulong Of(ReadOnlySpan<byte> key)
    {
        var hash = Basis;
        foreach (var b in key) hash = (hash ^ b) * Prime;
        return Mix(hash);
    }

    /// <summary>The next number of <see cref="Model.Rng"/>'s sequence, without its object.</summary>
    internal static ulong Mix(ulong state)
    {
        var z = state + 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
