namespace Tangram.Observing.Doctoring;

public enum Gravity { Ok, Note, Warn, Error }

/// <summary>One thing that was looked at on this machine.</summary>
/// <param name="Check">What was looked at, in one word with hyphens: stable, for scripts.</param>
/// <param name="What">How it is.</param>
/// <param name="Why">Why that matters; empty when all is well.</param>
/// <param name="Remedy">Null when all is well, or when only judgement helps.</param>
public sealed record Finding(string Check, Gravity Gravity, string What, string Why = "", Remedy? Remedy = null)
{
    public static Finding Good(string check, string what) => new(check, Gravity.Ok, what);
}

/// <summary>The line that fixes a finding.</summary>
/// <param name="Line">For a shell.</param>
/// <param name="NeedsRoot">It fails for others.</param>
/// <param name="Setting">What the line sets. Only these are carried out for the user: they take effect at once, can be
/// read back, and are gone after the next boot. Everything else is for people to judge.</param>
public sealed record Remedy(string Line, bool NeedsRoot, KernelSetting? Setting = null)
{
    public static Remedy Set(string key, string value) =>
        new($"sysctl -w {key}={(value.Contains(' ') ? $"\"{value}\"" : value)}", true, new KernelSetting(key, value));
}

/// <param name="Key">As sysctl names it: <c>net.core.somaxconn</c>.</param>
public sealed record KernelSetting(string Key, string Value)
{
    public string Path => "/proc/sys/" + Key.Replace('.', '/');
}

/// <summary>A finding as <c>doctor --json</c> shows it.</summary>
/// <param name="Severity">ok, note, warn or error.</param>
/// <param name="Fix">A line for a shell; null when there is none.</param>
/// <param name="Root">The line needs root.</param>
/// <param name="Safe"><c>doctor --fix</c> can carry it out.</param>
public sealed record FindingView(
    string Check, string Severity, string What, string Why, string? Fix, bool Root, bool Safe)
{
    public static FindingView Of(Finding finding) => new(finding.Check, WordFor(finding.Gravity), finding.What,
        finding.Why, finding.Remedy?.Line, finding.Remedy?.NeedsRoot == true, finding.Remedy?.Setting is not null);

    public static string WordFor(Gravity gravity) => gravity switch
    {
        Gravity.Ok => "ok", Gravity.Note => "note", Gravity.Warn => "warn", _ => "error",
    };
}
