namespace Tangram.Observing.Doctoring;

internal static class ClockChecks
{
    /// <summary>Read in user space, in tens of nanoseconds. Others take a system call and a slow device.</summary>
    private static readonly string[] Quick = ["tsc", "kvm-clock", "arch_sys_counter", "hyperv", "xen", "ptp"];

    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(1);

    public static IEnumerable<Finding> Of(ClockFacts clock)
    {
        var sync = new Remedy("timedatectl set-ntp true", true);
        if (!clock.Synchronised)
            yield return new Finding("clock", Gravity.Warn, "nothing keeps this machine's clock",
                "nothing is decided by it, but logs and events of several machines do not fit together, and " +
                "certificates seem to end early or late", sync);
        else if (clock.MaxError > Tolerated)
            yield return new Finding("clock", Gravity.Warn,
                Doctor.Text($"the clock may be off by {clock.MaxError.TotalSeconds:0.#} s"),
                "it was set by a time server, and lately none was heard; logs and events of several machines do not " +
                "fit together", sync);
        else
            yield return Finding.Good("clock", $"synchronised, off by {Doctor.Milliseconds(clock.MaxError)} at most");
        if (!clock.Monotonic)
            yield return new Finding("monotonic", Gravity.Error, "the monotonic clock went back while it was read",
                "leases and time-outs are measured by it, and a singleton's end depends on it",
                new Remedy("boot with another clocksource, such as clocksource=hpet", true));
        else if (!Quick.Any(known => clock.Source.StartsWith(known, StringComparison.Ordinal)))
            yield return new Finding("monotonic", Gravity.Note, $"the clocksource is {clock.Source}",
                "reading the time is slow, and a gateway reads it several times for each request",
                new Remedy("echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource", true));
        else yield return Finding.Good("monotonic", $"goes forward ({clock.Source})");
    }
}
