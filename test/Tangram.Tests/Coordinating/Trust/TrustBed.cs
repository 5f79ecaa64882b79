using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Tests.Coordinating.Trust;

/// <summary>Authorities and folders below one folder, by a clock of its own.</summary>
internal sealed class TrustBed : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("tangram-trust-").FullName;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    public List<string> Said { get; } = [];
    public string Under(string name) => Path.Combine(_root, name);

    public Authority Authority(string folder = "ca", string cluster = "shop") =>
        Tangram.Coordinating.Trust.Authority.Make(cluster, Under(folder), Time.GetUtcNow());

    public TlsFolder Issue(Authority by, PeerRole role, string name, int days = 365, string? folder = null) =>
        by.Issue(new PeerIdentity(by.Cluster, role, NodeName.Of(name)), ["10.0.0.1", "a.example.com"],
            Under(folder ?? name), TimeSpan.FromDays(days), Time.GetUtcNow());

    public MutualTls Open(TlsFolder folder) => MutualTls.Open(folder.Path, Time, Said.Add);

    /// <summary>Files that are written within one tick of the file system's clock would look alike.</summary>
    public static void Touch(TlsFolder folder, int seconds) => File.SetLastWriteTimeUtc(folder.CertificateFile,
        File.GetLastWriteTimeUtc(folder.CertificateFile).AddSeconds(seconds));

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
