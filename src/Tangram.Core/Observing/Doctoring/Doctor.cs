using System.Globalization;
using Tangram.Model;

namespace Tangram.Observing.Doctoring;

/// <summary>Judges a machine by what was read of it: facts in, findings out.</summary>
public static class Doctor
{
    /// <param name="demand">What a file asks of it; null when none was given.</param>
    public static EquatableArray<Finding> Examine(MachineFacts facts, FileDemand? demand)
    {
        var findings = new List<Finding>();
        Add("kernel", facts.Kernel, k => ProcessChecks.Kernel(k));
        Add("limits", facts.Limits, l => ProcessChecks.Limits(l, facts.Root, demand));
        Add("clock", facts.Clock, ClockChecks.Of);
        Add("ports", facts.Ports, p => ListenerChecks.Of(p, facts, demand));
        Add("disk", facts.Disk, DiskChecks.Of);
        Add("memory", facts.Memory, m => MemoryChecks.Of(m, facts.Cores, demand));
        Add("cgroups", facts.Cgroups, c => CgroupChecks.Of(c, demand));
        Add("tcp", facts.Tcp, TcpChecks.Of);
        if (facts.Quic is { } quic) findings.Add(Http3(quic, demand));
        findings.AddRange(facts.Acme.SelectMany(AcmeChecks.Of));
        return findings.ToEquatableArray();

        void Add<T>(string part, T? read, Func<T, IEnumerable<Finding>> judge) where T : class
        {
            if (read is null)
                findings.Add(new Finding(part, Gravity.Note, "could not be read here",
                    "nothing is known about it, good or bad"));
            else findings.AddRange(judge(read));
        }
    }

    private static Finding Http3(bool quic, FileDemand? demand) => quic
        ? Finding.Good("http3", "libmsquic is there: a gateway here can serve HTTP/3")
        : demand?.Http3 == true
        ? new Finding("http3", Gravity.Warn, "libmsquic is not there, and the file asks for HTTP/3",
            "a gateway here serves clients by HTTP/2, which works as well and begins a little later",
            new Remedy("install libmsquic 2.2 or later, and start the gateway again", true))
        : Finding.Good("http3", "libmsquic is not there: a gateway here serves no HTTP/3, and clients use HTTP/2");

    /// <summary>Something will not work.</summary>
    public static bool Fails(IEnumerable<Finding> findings) => findings.Any(f => f.Gravity == Gravity.Error);

    internal static string Count(double number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    internal static string Size(double bytes) => bytes switch
    {
        >= 1L << 40 => Text($"{bytes / (1L << 40):0.#} TiB"),
        >= 1L << 30 => Text($"{bytes / (1L << 30):0.#} GiB"),
        >= 1L << 20 => Text($"{bytes / (1L << 20):0} MiB"),
        _ => Text($"{bytes / 1024:0} KiB"),
    };

    internal static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    internal static string Milliseconds(TimeSpan span) => Text($"{span.TotalMilliseconds:0.##} ms");
}
