namespace Tangram.ClusterTests.Kinds;

/// <summary>One of the files below examples/kinds: what it runs, how somebody changes it, and what is particular
/// to it.</summary>
/// <param name="folder">Below examples/kinds.</param>
internal abstract class Kind(string folder)
{
    public static Kind[] All { get; } =
    [
        new AgentsKind(), new CacheKind(), new JobsKind(), new LimitsKind(), new MonorepoKind(), new OverridesKind(),
        new ProfilesKind(), new RolloutKind(), new SettingsKind(), new StreamKind(), new TiersKind(),
        new WorkersKind(),
    ];

    public string Folder { get; } = folder;

    /// <summary>As they are given to -f.</summary>
    public virtual string[] Files => ["compose.yaml"];

    /// <summary>Its services but for jobs: the replicas that are ready in the end, and their VERSION.</summary>
    public abstract Running[] Before { get; }
    public abstract Running[] After { get; }

    /// <summary>How long a batch is watched here, in place of what the file says.</summary>
    public virtual string Monitor => "500ms";

    /// <summary>For the deploy of the change.</summary>
    public virtual string[] Options => [];

    /// <summary>Requests while it is changed and rolled back: what every one of them asks for.</summary>
    public virtual Uri Load(KindCluster cluster) => cluster.Gateway;

    /// <summary>The name that requests are for.</summary>
    public virtual string? Host => null;

    /// <summary>The change, in the copy of the files.</summary>
    public virtual void Change(KindCluster cluster) => cluster.Edit("compose.yaml",
        ("VERSION: \"1\"", "VERSION: \"2\""), ("VERSION=1", "VERSION=2"));

    /// <summary>When it is up.</summary>
    public abstract Task UpAsync(KindCluster cluster);

    /// <summary>While the change goes out.</summary>
    public virtual Task MeanwhileAsync(KindCluster cluster) => Task.CompletedTask;

    /// <summary>When the change is in force.</summary>
    public abstract Task ChangedAsync(KindCluster cluster);

    /// <summary>When it is rolled back.</summary>
    public abstract Task BackAsync(KindCluster cluster);
}

internal sealed record Running(string Service, int Replicas, string? Version = null);
