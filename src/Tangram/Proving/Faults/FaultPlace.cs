using System.Net.Sockets;
using Tangram.Cli;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>The cluster on this machine that faults strike.</summary>
/// <param name="Socket">Of its daemon.</param>
/// <param name="Folder">Its state.</param>
internal sealed record FaultPlace(string Name, string Socket, string Folder)
{
    /// <summary>On one machine of several: etcd's members, as far as whoever started the injector named them. Null: the
    /// cluster runs on one machine, or the drill does itself what needs none.</summary>
    public string[]? Stores { get; init; }

    /// <summary>One drill at a time holds it.</summary>
    public string Lock => Path.Combine(Folder, Stores is null ? "drill.lock" : "injector.lock");

    private const int SocketLevel = 1, PeerCredentials = 17;

    /// <summary>The mark of its processes; null when there is none.</summary>
    public string? Mark => File.Exists(Path.Combine(Folder, "id"))
        ? $"{ReplicaEnvironment.ClusterMark}={File.ReadAllText(Path.Combine(Folder, "id")).Trim()}" : null;

    public ClusterClient Client() => new(new ClusterPlace(Name, Socket, Folder));

    /// <summary>Null when this process is that replica of this cluster, else why nothing is done to it.</summary>
    public string? Stranger(string replica, int pid)
    {
        if (ProcessStat.Read(pid) is not { Ended: false }) return $"the process {pid} of {replica} has ended already";
        var environment = ProcessStat.EnvironmentOf(pid);
        return Mark is { } mark && environment.Contains(mark)
            && environment.Contains($"{ReplicaEnvironment.ReplicaMark}={replica}")
                ? null
                : $"the process {pid} here is not {replica} of {Name}: it runs on another machine, or as another user";
    }

    /// <summary>The process that answers at the socket.</summary>
    public int DaemonPid()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Socket));
        // struct ucred: pid, uid, gid.
        var credentials = new byte[12];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        return BitConverter.ToInt32(credentials);
    }
}
