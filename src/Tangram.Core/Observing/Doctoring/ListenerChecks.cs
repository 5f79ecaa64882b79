using System.Globalization;

namespace Tangram.Observing.Doctoring;

/// <summary>The file's listeners, and whether there are ports for replicas.</summary>
internal static class ListenerChecks
{
    /// <summary>Below it replicas get no ports; see PortAllocator.</summary>
    private const int LowestOfReplicas = 20_000, Highest = 65_535;

    /// <summary>Each replica that is moved has two for a while, and none comes again soon.</summary>
    private const int PortsPerReplica = 4;

    /// <summary>Connections to one address: a gateway needs one for each request in flight to a replica.</summary>
    private const int FewConnections = 10_000;

    public static IEnumerable<Finding> Of(PortFacts ports, MachineFacts machine, FileDemand? demand)
    {
        foreach (var listener in ports.Listeners)
            yield return Listener(listener, ports, machine, Reserve(ports), Lowest(ports));
        var free = Outside(ports);
        var wanted = PortsPerReplica * (demand?.Replicas ?? 250);
        if (free < wanted)
            yield return new Finding("replica-ports", free < (demand?.Replicas ?? 1) ? Gravity.Error : Gravity.Warn,
                $"{Doctor.Count(free)} ports from {LowestOfReplicas} up are outside the kernel's own range " +
                $"{ports.Low}-{ports.High}",
                "replicas listen there, so that no outgoing connection is in their way" + (demand is null ? ""
                    : $"; the file has {Doctor.Count(demand.Replicas)}, and each needs {PortsPerReplica} in the course "
                      + "of moves"),
                Remedy.Set("net.ipv4.ip_local_port_range", "32768 60999"));
        else yield return Finding.Good("replica-ports", $"{Doctor.Count(free)} ports for replicas");
        var connections = ports.High - ports.Low + 1;
        if (connections < FewConnections)
            yield return new Finding("connections", Gravity.Warn,
                $"the kernel has {Doctor.Count(connections)} ports for outgoing connections",
                "a gateway needs one for each connection to a replica, and one that has ended is kept for a minute",
                Remedy.Set("net.ipv4.ip_local_port_range", "32768 60999"));
        else yield return Finding.Good("connections", $"{Doctor.Count(connections)} ports for outgoing connections");
    }

    /// <param name="reserve">What all listeners together need of ip_local_reserved_ports: a setting that served one
    /// of them would undo another's.</param>
    /// <param name="lowest">The lowest port of all listeners.</param>
    private static Finding Listener(
        ListenerFacts listener, PortFacts ports, MachineFacts machine, string reserve, int lowest)
    {
        var name = $"port {listener.Port} of {listener.Owner}";
        if (listener.Taken is { } taken)
            return new Finding("listener", Gravity.Error, taken,
                $"{listener.Owner} cannot listen on {listener.Address}, and nothing is started",
                new Remedy("end that process, or give the file another port", false));
        if (listener.Port < ports.Unprivileged && !machine.Root)
            return new Finding("listener", Gravity.Error,
                $"{name} is one of those below {ports.Unprivileged}, which root alone may listen on",
                "nothing is started when a listener cannot be opened",
                Remedy.Set("net.ipv4.ip_unprivileged_port_start", lowest.ToString(CultureInfo.InvariantCulture)));
        if (listener.Address.Contains(':', StringComparison.Ordinal) && machine.Tcp is { Ipv6Loopback: false })
            return new Finding("listener", Gravity.Error, $"{name} is at {listener.Address}, and IPv6 is off",
                "nothing is started when a listener cannot be opened",
                Remedy.Set("net.ipv6.conf.all.disable_ipv6", "0"));
        if (InRange(ports, listener.Port))
            return new Finding("listener", Gravity.Warn,
                $"{name} lies in the range {ports.Low}-{ports.High}, from which the kernel takes ports for connections",
                "when a connection happens to have it, the next start fails",
                Remedy.Set("net.ipv4.ip_local_reserved_ports", reserve));
        return Finding.Good("listener", $"{name} is free");
    }

    private static bool InRange(PortFacts ports, int port) =>
        port >= ports.Low && port <= ports.High && !Reserved(ports.Reserved, port);

    private static string Reserve(PortFacts ports) => string.Join(',', ports.Reserved
        .Split(',', StringSplitOptions.RemoveEmptyEntries).Concat(ports.Listeners.Select(l => l.Port)
            .Where(port => InRange(ports, port)).Distinct().Order()
            .Select(port => port.ToString(CultureInfo.InvariantCulture))));

    private static int Lowest(PortFacts ports) =>
        ports.Listeners.Select(l => l.Port).DefaultIfEmpty(ports.Unprivileged).Min();

    private static int Outside(PortFacts ports)
    {
        var inside = Math.Min(ports.High, Highest) - Math.Max(ports.Low, LowestOfReplicas) + 1;
        return Highest - LowestOfReplicas + 1 - Math.Max(0, inside);
    }

    /// <summary>As the kernel lists them: <c>8080,9000-9010</c>.</summary>
    private static bool Reserved(string list, int port) => list.Split(',').Any(part =>
    {
        var ends = part.Split('-');
        return int.TryParse(ends[0], out var low) && int.TryParse(ends[^1], out var high) && port >= low
            && port <= high;
    });
}
