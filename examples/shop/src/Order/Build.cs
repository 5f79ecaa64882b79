namespace Shop;

/// <summary>What differs between the builds of this service. Each is a project of its own over the same
/// source.</summary>
internal static class Build
{
#if V2
    public const string Version = "2";
#elif EXITS_AT_START
    public const string Version = "exits";
#elif NEVER_READY
    public const string Version = "never-ready";
#elif HALF_BROKEN
    public const string Version = "half-broken";
#else
    public const string Version = "1";
#endif
}
