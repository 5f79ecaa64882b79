using Tangram.Coordinating.Etcd;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>Real etcd members for a test, gone at its end with their data.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private int _prefixes;

    private EtcdCluster(EtcdClusterOptions options) =>
        Members = [.. Enumerable.Range(0, options.Members).Select(index => new EtcdMember(options, index))];

    public IReadOnlyList<EtcdMember> Members { get; }

    public IReadOnlyList<string> Endpoints => [.. Members.Select(member => member.Endpoint)];

    /// <summary>Starts all members and waits until they serve.</summary>
    public static async Task<EtcdCluster> StartAsync(EtcdClusterOptions? options = null)
    {
        Needs.Program("etcd");
        var cluster = new EtcdCluster(options ?? new EtcdClusterOptions());
        try
        {
            foreach (var member in cluster.Members) member.Start(cluster.Members);
            foreach (var member in cluster.Members) await member.ReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a member that was killed. It is ready when a majority is.</summary>
    public void Restart(EtcdMember member) => member.Start(Members);

    /// <summary>Options for a store under a prefix that nobody has used.</summary>
    internal EtcdOptions Fresh() => new(Endpoints)
    {
        KeyPrefix = $"/tangram/test-{Interlocked.Increment(ref _prefixes)}/", AllowPlainText = true,
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members) await member.DisposeAsync();
    }
}
