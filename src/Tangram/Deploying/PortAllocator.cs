using System.Net;
using System.Net.Sockets;
using System.Text;
using Tangram.Model;

namespace Tangram.Deploying;

internal abstract record PortAnswer
{
    private PortAnswer() { }

    internal sealed record Allocated(int Port) : PortAnswer;
    internal sealed record Refused(string Because) : PortAnswer;
}

/// <summary>Gives replicas their ports; one for all virtual nodes of a process. Ports lie outside the range from which
/// the kernel takes those of outgoing connections, so that none of these can be in the way. Thread-safe.</summary>
internal sealed class PortAllocator
{
    // Below it well-known servers listen.
    private const int Lowest = 20_000, Highest = 65_535;

    private readonly Dictionary<int, ReplicaName> _held = [];
    private readonly Lock _gate = new();
    private readonly int[] _ports;
    private int _next;

    /// <param name="cluster">Its name decides where the search begins, so that two clusters seldom meet.</param>
    public PortAllocator(string cluster) : this(cluster, File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range")) { }

    internal PortAllocator(string cluster, string ephemeralRange)
    {
        var bounds = ephemeralRange.Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var (low, high) = (int.Parse(bounds[0]), int.Parse(bounds[1]));
        var outside = Enumerable.Range(Lowest, Highest - Lowest + 1).Where(port => port < low || port > high).ToArray();
        // A machine that gave the kernel all of them: then there is no better place.
        _ports = outside.Length > 0 ? outside : [.. Enumerable.Range(Lowest, Highest - Lowest + 1)];
        _next = (int)(Hash(cluster) % (uint)_ports.Length);
    }

    /// <summary>A free port, held for the replica until <see cref="Release"/>. It is not given again until all others
    /// had their turn, so that a gateway with old routes does not meet a stranger there.</summary>
    public PortAnswer Allocate(ReplicaName replica)
    {
        lock (_gate)
        {
            for (var tried = 0; tried < _ports.Length; tried++)
            {
                var port = _ports[_next];
                _next = (_next + 1) % _ports.Length;
                if (_held.ContainsKey(port) || !IsFree(port)) continue;
                _held.Add(port, replica);
                return new PortAnswer.Allocated(port);
            }
            return new PortAnswer.Refused($"none of the {_ports.Length} ports for replicas is free, {_held.Count} of "
                                          + "them are held by this cluster's replicas");
        }
    }

    /// <summary>A fixed port for a replica (published with <c>mode: host</c>). Refused when a replica holds it or
    /// something listens there, with the owner's name.</summary>
    public PortAnswer Claim(ReplicaName replica, int port)
    {
        lock (_gate)
        {
            if (_held.TryGetValue(port, out var holder) && holder != replica)
                return new PortAnswer.Refused($"port {port} is held by {holder}");
            if (Taken(port) is { } taken) return new PortAnswer.Refused(taken);
            _held[port] = replica;
            return new PortAnswer.Allocated(port);
        }
    }

    /// <summary>For an adopted replica, which listens there already.</summary>
    public void Hold(ReplicaName replica, int port)
    {
        lock (_gate) _held[port] = replica;
    }

    public void Release(ReplicaName replica)
    {
        lock (_gate)
            foreach (var port in _held.Where(held => held.Value == replica).Select(held => held.Key).ToList())
                _held.Remove(port);
    }

    /// <summary>Null when the port is free, else a sentence that names its owner.</summary>
    public static string? Taken(int port) => IsFree(port) ? null
        : PortOwner.Find(port) is { } owner ? $"port {port} is taken by {owner}"
        : $"port {port} is taken by a process of another user, or by a connection that has not ended yet";

    private static bool IsFree(int port) => Binds(IPAddress.Loopback, port) && Binds(IPAddress.Any, port)
        && (!Socket.OSSupportsIPv6 || Binds(IPAddress.IPv6Any, port));

    private static bool Binds(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // FNV-1a: string.GetHashCode differs from run to run.
    private static uint Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = (hash ^ b) * 16777619u;
        return hash;
    }
}
