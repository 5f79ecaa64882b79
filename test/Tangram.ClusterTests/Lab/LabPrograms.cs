using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating.Trust;

namespace Tangram.ClusterTests.Lab;

/// <summary>The programs of drills, as they are started on a machine of the lab.</summary>
internal static class LabPrograms
{
    public const int EtcdPort = 2379, EtcdPeerPort = 2380;

    /// <summary>The built binary in a role: <c>machine.StartTangram("agent", "--name", …)</c>. Its state is on the
    /// machine's disk.</summary>
    public static LabProcess StartTangram(this LabMachine machine, string role, params IEnumerable<string> arguments) =>
        machine.Start($"tangram {role}", [ShopCluster.Binary, role, .. arguments], machine.TangramEnvironment());

    /// <summary>One command of Tangram, run to its end on this machine.</summary>
    public static async Task<(int Code, string Printed)> TangramAsync(
        this LabMachine machine, TimeSpan patience, params IEnumerable<string> arguments)
    {
        var program = machine.Start("tangram", [ShopCluster.Binary, .. arguments], machine.TangramEnvironment());
        return (await program.EndAsync(patience), program.Printed);
    }

    /// <summary>Only the process: the machine and what else runs there go on.</summary>
    public static void KillEtcd(this LabMachine machine)
    {
        foreach (var etcd in machine.Programs.Where(p => p.Name == "etcd" && !p.HasEnded)) etcd.Kill();
    }

    public static void KillAcme(this LabMachine machine)
    {
        foreach (var acme in machine.Programs.Where(p => p.Name == "acme" && !p.HasEnded)) acme.Kill();
    }

    /// <summary>One member of an etcd that these machines form together; the same call brings it back after a loss of
    /// power.</summary>
    /// <param name="tls">The folder of each machine; null for plain text.</param>
    public static LabProcess StartEtcd(this LabMachine machine, IEnumerable<LabMachine> members,
        Func<LabMachine, TlsFolder>? tls = null)
    {
        var (client, peer) = (machine.Etcd(tls is not null), $"http://{machine.Address}:{EtcdPeerPort}");
        var cluster = members.Select(member => $"{member.Name}=http://{member.Address}:{EtcdPeerPort}");
        return machine.Start("etcd",
        [
            Needs.Program("etcd"), "--name", machine.Name, "--data-dir", Path.Combine(machine.Disk, "etcd"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", string.Join(',', cluster), "--initial-cluster-token", "lab", "--logger", "zap",
            .. tls?.Invoke(machine) is not { } files ? (string[])[] :
            [
                "--cert-file", files.CertificateFile, "--key-file", files.KeyFile, "--trusted-ca-file", files.CaFile,
                "--client-cert-auth",
            ],
        ]);
    }

    /// <summary>Where clients reach the member on this machine.</summary>
    public static string Etcd(this LabMachine machine, bool encrypted = false) =>
        $"{(encrypted ? "https" : "http")}://{machine.Address}:{EtcdPort}";

    internal static Dictionary<string, string?> TangramEnvironment(this LabMachine machine) => new()
    {
        ["TANGRAM_STATE"] = machine.Disk, ["TANGRAM_HOST"] = null, ["DOTNET_ROOT"] = ShopCluster.RuntimeRoot,
    };
}
