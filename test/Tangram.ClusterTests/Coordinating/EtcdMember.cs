using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>One real etcd.</summary>
public sealed partial class EtcdMember : IAsyncDisposable
{
    private const int Stop = 19, Continue = 18;

    /// <summary>What etcd prints when it does, with TLS or without.</summary>
    private const string Serves = "serving client traffic";

    private readonly EtcdClusterOptions _options;
    private readonly int _index;
    private readonly string _folder;
    private Child? _child;

    internal EtcdMember(EtcdClusterOptions options, int index)
    {
        (_options, _index) = (options, index);
        Address = options.Address(index);
        Port = options.ClientPort == 0 ? FreePort.Take() : options.ClientPort;
        PeerPort = options.ClientPort == 0 ? FreePort.Take() : options.ClientPort + 1;
        _folder = options.Folder?.Invoke(index) ?? Directory.CreateTempSubdirectory("tangram-etcd-").FullName;
    }

    public string Name => $"m{_index}";
    public string Address { get; }
    public int Port { get; }
    public int PeerPort { get; }
    public int Pid => _child!.Pid;

    /// <summary>What clients are given.</summary>
    public string Endpoint => $"{(_options.Tls is null ? "http" : "https")}://{Address}:{Port}";

    public string PeerUrl => $"http://{Address}:{PeerPort}";
    public bool Runs => _child is { HasEnded: false };
    public string Printed => _child?.Printed ?? "";

    /// <summary>Starts it, with the data that it had before. Does not wait until it is ready.</summary>
    /// <param name="members">All of the cluster, this one included.</param>
    public void Start(IEnumerable<EtcdMember> members)
    {
        string[] command =
        [
            .. _options.Command(_index), Needs.Program("etcd"), "--name", Name, "--data-dir", _folder,
            "--listen-client-urls", Endpoint, "--advertise-client-urls", Endpoint,
            "--listen-peer-urls", PeerUrl, "--initial-advertise-peer-urls", PeerUrl,
            "--initial-cluster", string.Join(',', members.Select(member => $"{member.Name}={member.PeerUrl}")),
            "--heartbeat-interval", $"{_options.Heartbeat.TotalMilliseconds:0}",
            "--election-timeout", $"{_options.Election.TotalMilliseconds:0}", "--pre-vote", "--logger", "zap",
        ];
        if (_options.Tls is { } tls)
            command =
            [
                .. command, "--client-cert-auth", "--trusted-ca-file", tls.Ca, "--cert-file", tls.Certificate,
                "--key-file", tls.Key,
            ];
        _child?.Dispose();
        _child = new Child(new ProcessStartInfo(command[0], command[1..]));
    }

    /// <summary>Until it serves clients; not before the cluster has a majority.</summary>
    public async Task ReadyAsync() => await Until.SomeAsync(
        () =>
        {
            if (!Runs) Assert.Fail($"etcd {Name} has ended. It printed:\n{Printed}");
            return Task.FromResult(Printed.Contains(Serves, StringComparison.Ordinal) ? Serves : null);
        },
        TimeSpan.FromSeconds(20), () => $"etcd {Name} serves clients. It printed:\n{Printed}");

    /// <summary>SIGKILL. Its data stays.</summary>
    public Task KillAsync() => _child?.KillAsync() ?? Task.CompletedTask;

    /// <summary>SIGSTOP: it still accepts connections, by way of the kernel, and says nothing.</summary>
    public void Pause() => Signal(Pid, Stop);

    public void Resume() => Signal(Pid, Continue);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _child?.Dispose();
        if (_options.Folder is null && Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int pid, int signal);
}
