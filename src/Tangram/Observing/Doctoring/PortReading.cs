using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Observing.Doctoring;

/// <summary>The kernel's port ranges, and who holds the ports that a file names.</summary>
internal sealed class PortReading(string stateRoot, ClusterSpec? spec)
{
    private const string Settings = "/proc/sys/net/ipv4/ip_";

    public PortFacts? Read()
    {
        var range = (MachineReading.Text(Settings + "local_port_range") ?? "")
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (range is not [var low, var high]) return null;
        return new PortFacts(int.Parse(low, CultureInfo.InvariantCulture),
            int.Parse(high, CultureInfo.InvariantCulture), MachineReading.Text(Settings + "local_reserved_ports") ?? "",
            (int)(MachineReading.Number(Settings + "unprivileged_port_start") ?? 1024),
            Asked().Where(a => a.Port != 0).Select(a => new ListenerFacts(a.Owner, a.Address, a.Port, Taken(a)))
                .ToEquatableArray());
    }

    /// <summary>Whether a listener can be opened there now.</summary>
    public static bool Opens(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private IEnumerable<(string Owner, string Address, int Port)> Asked()
    {
        foreach (var url in spec?.Addresses() ?? [])
        {
            var cut = url.LastIndexOf(':');
            yield return ("the gateway", url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..cut].Trim('[', ']'),
                int.Parse(url[(cut + 1)..], CultureInfo.InvariantCulture));
        }
        foreach (var service in spec?.Services ?? [])
            foreach (var port in service.Ports)
                yield return ($"'{service.Name}'", port.HostAddress ?? "*", port.Published);
    }

    private string? Taken((string Owner, string Address, int Port) asked)
    {
        var address = asked.Address switch
        {
            "*" or "+" => IPAddress.Any,
            "localhost" => IPAddress.Loopback,
            var text => IPAddress.TryParse(text, out var parsed) ? parsed : IPAddress.Any,
        };
        // What we may not listen on, and IPv6 that is off, are findings of their own.
        if (Opens(address, asked.Port) || PortAllocator.Taken(asked.Port) is not { } taken) return null;
        return PortOwner.Find(asked.Port) is { } owner && IsOurs(owner) ? null : taken;
    }

    /// <summary>The file's own cluster runs, and this is its daemon or keeper.</summary>
    private bool IsOurs(PortOwner owner) => spec is not null && StateFolder.IsHeld(stateRoot, spec.Name)
        && (MachineReading.Number(Path.Combine(stateRoot, spec.Name, "pid")) == owner.Pid
            || Routing.SocketKeeper.ClusterOf(owner.Pid) == spec.Name);
}
