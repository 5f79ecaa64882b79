namespace Tangram.Model;

/// <summary>The kernel's limits by Compose's names for them.</summary>
public static class Ulimits
{
    /// <summary>From asm-generic/resource.h, which x64 and arm64 use. Sorted.</summary>
    public static IReadOnlyDictionary<string, int> Numbers { get; } =
        new SortedDictionary<string, int>(StringComparer.Ordinal)
        {
            ["cpu"] = 0, ["fsize"] = 1, ["data"] = 2, ["stack"] = 3, ["core"] = 4, ["rss"] = 5, ["nproc"] = 6,
            ["nofile"] = 7, ["memlock"] = 8, ["as"] = 9, ["locks"] = 10, ["sigpending"] = 11, ["msgqueue"] = 12,
            ["nice"] = 13, ["rtprio"] = 14, ["rttime"] = 15,
        };
}
