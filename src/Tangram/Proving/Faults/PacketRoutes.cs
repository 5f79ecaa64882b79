using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Tangram.Proving.Faults;

/// <summary>The rules and routes that lead what this machine sends into a device. The routes are the device's and go
/// with it; a rule whose table is empty leads nowhere, and the next one is asked. So all is as before when the
/// device is gone, and a rule that is left over does nothing until it is removed.</summary>
/// <param name="slot">Several faults may be in force: each has a device, a table, rules and a bit of the mark of its
/// own.</param>
internal sealed class PacketRoutes(int slot, IReadOnlyList<PacketRoutes.Way> ways, FaultLink link)
{
    public const int Slots = 8;

    /// <summary>Before the rule for the main table (32766), behind the one for this machine's own addresses (0).
    /// Tables and bits that nobody is known to use.</summary>
    private const int FirstPreference = 5000, FirstTable = 20100, FirstBit = 20;

    /// <summary>A route of the main table, as it is led into the device.</summary>
    /// <param name="Source">The address that a packet would have had from its own device.</param>
    internal sealed record Way(string To, string Device, string Source, int Mtu);

    public string Device => NameOf(slot);
    public int Mtu => ways.Min(way => way.Mtu);

    /// <summary>What has been through this device bears it, and goes on to devices with higher numbers alone.</summary>
    public uint Mark => 1u << (FirstBit + slot);

    public static string NameOf(int slot) => $"tgfault{slot}";

    public void Set()
    {
        IpCommand.Do(
        [
            $"link set {Device} mtu {Mtu} txqueuelen 1000 addrgenmode none up",
            .. ways.Select(way => $"route add {way.To} dev {Device} src {way.Source} table {FirstTable + slot}"),
        ]);
        // From here on packets come.
        IpCommand.Do(Matches().Select(match => $"rule add {Rule} {match} lookup {FirstTable + slot}"));
    }

    /// <summary>The device stays until its handle is closed.</summary>
    public void Unset()
    {
        while (IpCommand.Tried("rule", "del", "pref", Text(FirstPreference + slot))) { }
    }

    /// <summary>Takes away rules of devices that are gone: whoever had them was killed. Returns whether others are in
    /// force.</summary>
    public static bool Sweep()
    {
        var inForce = false;
        var devices = File.ReadLines("/proc/net/dev").Select(line => line.Split(':')[0].Trim()).ToHashSet();
        foreach (var rule in IpCommand.Ask("rule", "show"))
            for (var slot = 0; slot < Slots; slot++)
                if (rule.Text("priority") == Text(FirstPreference + slot)
                    && rule.Text("table") == Text(FirstTable + slot))
                    inForce |= devices.Contains(NameOf(slot))
                        || !IpCommand.Tried("rule", "del", "pref", Text(FirstPreference + slot));
        return inForce;
    }

    /// <summary>The ways that a fault means; throws where it cannot be.</summary>
    public static List<Way> Ways(FaultLink link)
    {
        List<Way> ways = link.To.Length > 0 ? [.. link.To.Select(To)] : Everywhere();
        if (ways.Count == 0) throw new FaultMissedException("this machine has no route to anybody");
        foreach (var device in ways.Select(way => way.Device).Distinct())
            if (Math.Max(Filter("all"), Filter(device)) == 1)
                throw new FaultMissedException($"{device} drops answers whose way back is another device: set " +
                    $"net.ipv4.conf.{device}.rp_filter to 2, and that of all to 0 or 2");
        return ways;
    }

    private string Rule =>
        $"pref {FirstPreference + slot} iif lo fwmark 0/0x{((0xffu << slot) & 0xff) << FirstBit:x}";

    private IEnumerable<string> Matches() =>
        from to in link.To.Length > 0 ? link.To.Select(to => $"to {to}") : [""]
        from port in PortsOf()
        select $"{to} {port}";

    private IEnumerable<string> PortsOf()
    {
        string[] protocols = ["tcp", "udp"];
        if (link.Ports.Length > 0)
            return from protocol in protocols from port in link.Ports select $"ipproto {protocol} dport {port}";
        if (link.Except.Length == 0) return [""];
        // Neither from nor to one of them.
        var ranges = Between(link.Except);
        return (from protocol in protocols from s in ranges from d in ranges
            select $"ipproto {protocol} sport {s} dport {d}").Append("ipproto icmp");
    }

    private static List<string> Between(int[] ports)
    {
        // A rule knows ports from 1 to 65534.
        var (ranges, from) = (new List<string>(), 1);
        foreach (var port in ports.Order().Append(65535))
        {
            if (port > from) ranges.Add($"{from}-{port - 1}");
            from = port + 1;
        }
        return ranges;
    }

    private static Way To(string to)
    {
        if (!IPAddress.TryParse(to, out var address))
            throw new FaultMissedException($"{to} is not an address: faults of links name IPv4 addresses");
        if (address.AddressFamily != AddressFamily.InterNetwork)
            throw new FaultMissedException($"{to} is of IPv6, of which faults of links know nothing");
        var route = IpCommand.Ask("route", "get", to)[0];
        if (route.Text("type") is "local" || route.Text("dev") is "lo")
            throw new FaultMissedException($"{to} is this machine itself: between a gateway and replicas on one " +
                "machine packets do not leave it");
        return new Way(to, route.Text("dev"), route.Text("prefsrc"), MtuOf(route.Text("dev")));
    }

    private static List<Way> Everywhere()
    {
        var ways = new List<Way>();
        foreach (var route in IpCommand.Ask("route", "show", "table", "main"))
        {
            if (route.Text("dev") is not { Length: > 0 } device || device == "lo") continue;
            var source = route.Text("prefsrc") is { Length: > 0 } own ? own : SourceOf(route);
            if (source.Length > 0 && ways.All(way => way.To != route.Text("dst")))
                ways.Add(new Way(route.Text("dst"), device, source, MtuOf(device)));
        }
        return ways;
    }

    private static string SourceOf(JsonElement route)
    {
        var gateway = route.Text("gateway");
        return gateway.Length == 0 ? "" : IpCommand.Ask("route", "get", gateway)[0].Text("prefsrc");
    }

    private static int MtuOf(string device) =>
        int.Parse(IpCommand.Ask("link", "show", "dev", device)[0].Text("mtu"), CultureInfo.InvariantCulture);

    private static int Filter(string device) => int.Parse(
        File.ReadAllText($"/proc/sys/net/ipv4/conf/{device}/rp_filter"), CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
