namespace Tangram.ClusterTests.Coordinating;

/// <summary>How a test wants its etcd.</summary>
public sealed record EtcdClusterOptions
{
    public int Members { get; init; } = 1;
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromMilliseconds(100);
    public TimeSpan Election { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The address of a member, counted from 0. Its ports are free ones of this machine, unless
    /// <see cref="ClientPort"/> is given.</summary>
    public Func<int, string> Address { get; init; } = _ => "127.0.0.1";

    /// <summary>The same for every member, which then needs an address of its own; the next port is for its peers. 0
    /// for any.</summary>
    public int ClientPort { get; init; }

    /// <summary>What a member is started with, such as <c>ip netns exec NAME</c>. It must end in an exec.</summary>
    public Func<int, IReadOnlyList<string>> Command { get; init; } = _ => [];

    /// <summary>The folder of a member's data; one under the temporary folder when null, removed at the end.</summary>
    public Func<int, string>? Folder { get; init; }

    /// <summary>Null for plain text. Clients must then show a certificate of <see cref="EtcdFiles.Ca"/>.</summary>
    public EtcdFiles? Tls { get; init; }
}

/// <summary>PEM files of a member.</summary>
public sealed record EtcdFiles(string Ca, string Certificate, string Key);
