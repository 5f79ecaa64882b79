using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;

namespace Tangram.ClusterTests.Coordinating.Trust;

/// <summary>The same files serve etcd and its client, and etcd can tell a server from an agent.</summary>
public sealed class EtcdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Etcd_takes_the_folder_and_admits_servers_only()
    {
        var (etcd, etcdctl) = (Needs.Program("etcd"), Needs.Program("etcdctl"));
        await using var bed = new TlsBed();
        using var shop = bed.Authority();
        var (server, agent) = (bed.Issue(shop, PeerRole.Server, "s-1"), bed.Issue(shop, PeerRole.Agent, "a-1"));
        var (client, peer) = (FreePort.Take(), FreePort.Take());
        using var running = new Child(new ProcessStartInfo(etcd,
        [
            "--data-dir", Path.Combine(bed.Root, "data"), "--name", "s-1", "--logger", "zap",
            "--listen-client-urls", $"https://127.0.0.1:{client}",
            "--advertise-client-urls", $"https://127.0.0.1:{client}",
            "--listen-peer-urls", $"https://127.0.0.1:{peer}",
            "--initial-advertise-peer-urls", $"https://127.0.0.1:{peer}",
            "--initial-cluster", $"s-1=https://127.0.0.1:{peer}",
            "--client-cert-auth", "--trusted-ca-file", server.CaFile, "--cert-file", server.CertificateFile,
            "--key-file", server.KeyFile, "--client-cert-allowed-hostname", PeerIdentity.HostOf(PeerRole.Server),
            "--peer-client-cert-auth", "--peer-trusted-ca-file", server.CaFile,
            "--peer-cert-file", server.CertificateFile, "--peer-key-file", server.KeyFile,
            "--peer-cert-allowed-hostname", PeerIdentity.HostOf(PeerRole.Server),
        ]));
        try
        {
            await Until.SomeAsync(async () => await Ask(etcdctl, client, server) is (0, var said) ? said : null,
                Patience, () => running.Printed);
            var (code, refused) = await Ask(etcdctl, client, agent);
            Assert.True(code != 0, refused);
            var (bare, none) = await Ask(etcdctl, client, null);
            Assert.True(bare != 0, none);
            Assert.False(running.HasEnded);
        }
        finally
        {
            await running.KillAsync();
        }
    }

    private static async Task<(int Code, string Said)> Ask(string etcdctl, int port, TlsFolder? folder)
    {
        var start = new ProcessStartInfo(etcdctl,
            ["--endpoints", $"https://127.0.0.1:{port}", "--command-timeout", "2s", "--dial-timeout", "2s"]);
        start.Environment["ETCDCTL_API"] = "3";
        string[] tls = folder is null
            ? ["--insecure-skip-tls-verify", "--insecure-transport=false"]
            : ["--cacert", folder.CaFile, "--cert", folder.CertificateFile, "--key", folder.KeyFile];
        foreach (var argument in (string[])[.. tls, "put", "a", "b"]) start.ArgumentList.Add(argument);
        using var child = new Child(start);
        return (await child.EndAsync(Patience), child.Printed);
    }
}
