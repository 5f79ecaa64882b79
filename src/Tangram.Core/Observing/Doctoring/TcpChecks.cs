using System.Globalization;

namespace Tangram.Observing.Doctoring;

/// <summary>What of the kernel's network matters to a gateway.</summary>
internal static class TcpChecks
{
    /// <summary>Connections that wait to be accepted; the kernel's own default since 5.4.</summary>
    private const long Backlog = 4_096, FewBacklog = 1_024;

    public static IEnumerable<Finding> Of(TcpFacts tcp) =>
        new[]
        {
            Congestion(tcp), Queueing(tcp),
            AtLeast("backlog", "net.core.somaxconn", tcp.Backlog, Backlog,
                "in a burst, connections beyond it are dropped and tried again by the client a second later"),
            AtLeast("syn-backlog", "net.ipv4.tcp_max_syn_backlog", tcp.SynBacklog, FewBacklog,
                "in a burst, connections beyond it are dropped before they are open"),
            Exactly("syn-cookies", "net.ipv4.tcp_syncookies", tcp.SynCookies, 1, Gravity.Warn,
                "a flood of half-open connections keeps everybody else out"),
            Exactly("slow-start", "net.ipv4.tcp_slow_start_after_idle", tcp.SlowStartAfterIdle, 0, Gravity.Note,
                "a kept connection is slow again after a pause, which shows in the latency of large answers"),
            Conntrack(tcp), Ipv6(tcp),
        }.OfType<Finding>();

    /// <summary>Cardwell et al., BBR: congestion-based congestion control, 2016: it does not take loss for
    /// congestion.</summary>
    private static Finding? Congestion(TcpFacts tcp)
    {
        if (tcp.Congestion is null) return null;
        if (tcp.Congestion.StartsWith("bbr", StringComparison.Ordinal))
            return Finding.Good("congestion", $"{tcp.Congestion} is in use");
        const string why =
            "clients far away or on lossy lines get large answers more slowly; on one machine it changes nothing";
        return tcp.Available.Contains("bbr")
            ? new Finding("congestion", Gravity.Note, $"{tcp.Congestion} is in use, and bbr is there", why,
                Remedy.Set("net.ipv4.tcp_congestion_control", "bbr"))
            : new Finding("congestion", Gravity.Note, $"{tcp.Congestion} is in use, and bbr is not loaded", why,
                new Remedy("modprobe tcp_bbr && sysctl -w net.ipv4.tcp_congestion_control=bbr", true));
    }

    /// <summary>Since Linux 4.13 TCP paces itself; fq does it better for many flows.</summary>
    private static Finding? Queueing(TcpFacts tcp) => tcp switch
    {
        { Queueing: null } => null,
        { Queueing: "pfifo_fast" or "pfifo", Congestion: { } control }
            when control.StartsWith("bbr", StringComparison.Ordinal) => new Finding("queueing", Gravity.Note,
                $"the default queue is {tcp.Queueing}", "bbr spaces its packets, which fq does with less work",
                Remedy.Set("net.core.default_qdisc", "fq")),
        _ => Finding.Good("queueing", $"the default queue is {tcp.Queueing}"),
    };

    private static Finding? AtLeast(string check, string key, long? value, long least, string why) => value switch
    {
        null => null,
        { } found when found < least => new Finding(check, Gravity.Warn, $"{key} is {found}", why,
            Remedy.Set(key, least.ToString(CultureInfo.InvariantCulture))),
        _ => Finding.Good(check, $"{key} is {value}"),
    };

    private static Finding? Exactly(string check, string key, long? value, long wanted, Gravity gravity, string why) =>
        value is null ? null : value == wanted || (wanted == 1 && value > 1) ? Finding.Good(check, $"{key} is {value}")
            : new Finding(check, gravity, $"{key} is {value}", why,
                Remedy.Set(key, wanted.ToString(CultureInfo.InvariantCulture)));

    private static Finding? Conntrack(TcpFacts tcp)
    {
        if (tcp.Conntrack is not { } table) return null;
        var what = $"{Doctor.Count(table.Used)} of {Doctor.Count(table.Most)} connections are tracked";
        return table.Used * 4 < table.Most * 3 ? Finding.Good("conntrack", what)
            : new Finding("conntrack", Gravity.Warn, what,
                "when the table is full, new connections are dropped without a word",
                Remedy.Set("net.netfilter.nf_conntrack_max",
                    (table.Most * 4).ToString(CultureInfo.InvariantCulture)));
    }

    private static Finding Ipv6(TcpFacts tcp) => tcp.Ipv6Loopback ? Finding.Good("ipv6", "::1 can be listened on")
        : new Finding("ipv6", Gravity.Note, "::1 cannot be listened on",
            "a listener of http://localhost is there for IPv4 only",
            Remedy.Set("net.ipv6.conf.lo.disable_ipv6", "0"));
}
