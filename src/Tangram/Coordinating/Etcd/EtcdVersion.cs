namespace Tangram.Coordinating.Etcd;

/// <summary>What a member's version means for us. Sources: etcd's release notes and its published data
/// inconsistency notices.</summary>
/// <param name="Refusal">Why it cannot be used, or null.</param>
/// <param name="Warning">What can go wrong with it, or null.</param>
internal sealed record EtcdVersion(string? Refusal, string? Warning)
{
    private static readonly Version
        Oldest = new(3, 4, 0), FirstSound35 = new(3, 5, 3), Fresh35 = new(3, 5, 28), First36 = new(3, 6, 0),
        Fresh36 = new(3, 6, 9);

    /// <param name="text">As etcd says it, such as <c>3.5.21</c> or <c>3.6.0-rc.1</c>.</param>
    public static EtcdVersion Judge(string endpoint, string text)
    {
        var at = $"etcd at {endpoint}";
        if (!Version.TryParse(text.Split('-', '+')[0], out var version))
            return new EtcdVersion($"{at} says that its version is '{text}', which is none: is that etcd?", null);
        if (version < Oldest)
            return new EtcdVersion($"{at} is version {text}, which is too old: Tangram needs watches that can be " +
                                   "split, from 3.4 on. Upgrade it to the newest 3.6.", null);
        return new EtcdVersion(null, Weakness(version) is { } weakness ? $"{at} is version {text}: {weakness}" : null);
    }

    private static string? Weakness(Version version)
    {
        if (version < new Version(3, 5, 0))
            return "3.4 is past its end of life, and a member that was stuck may end leases that are alive. " +
                   "Upgrade it to the newest 3.6.";
        if (version < FirstSound35) return "3.5.0 to 3.5.2 can corrupt data. Upgrade it to the newest 3.5 at once.";
        if (version < Fresh35 || (version >= First36 && version < Fresh36))
            return "before 3.5.28 and 3.6.9 a read after a pause of the member can be stale. Upgrade it.";
        return null;
    }
}
