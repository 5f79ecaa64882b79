namespace Tangram.Model;

/// <summary>A service as asked for. Property names follow the Compose Specification; durations are
/// <see cref="TimeSpan"/>, memory is in bytes, CPUs are in cores.</summary>
public sealed record ServiceSpec
{
    public required ServiceName Name { get; init; }
    public EquatableArray<string> Entrypoint { get; init; }
    public EquatableArray<string> Command { get; init; }

    /// <summary>Sorted by name.</summary>
    public EquatableArray<Variable> Environment { get; init; }

    /// <summary>Absolute. Null when the replica runs in its revision's copy of <see cref="Files"/>, or in a folder of
    /// its own.</summary>
    public string? WorkingDirectory { get; init; }
    public EquatableArray<int> Expose { get; init; }
    public EquatableArray<PortSpec> Ports { get; init; }
    public HealthcheckSpec? Healthcheck { get; init; }
    public EquatableArray<DependencySpec> DependsOn { get; init; }
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);
    public string StopSignal { get; init; } = "SIGTERM";
    public DeploySpec Deploy { get; init; } = new();
    public ProbeSpec? Probe { get; init; }
    /// <summary>Null: gateways speak with replicas without TLS.</summary>
    public BackendTlsSpec? BackendTls { get; init; }
    public EquatableArray<RouteSpec> Routes { get; init; }
    public BalancePolicy Balance { get; init; } = BalancePolicy.PeakEwma;

    /// <summary>A revision that was stored before there was one has the usual.</summary>
    public TrafficSpec Traffic { get; init => field = value ?? new TrafficSpec(); } = new();

    /// <summary>Never two processes of it at once. It is part of the template, since a process that was started without
    /// it has no guard.</summary>
    public bool Singleton { get; init; }

    /// <summary>Of a job: when it runs. Null: once, when a revision brings or changes it.</summary>
    public ScheduleSpec? Schedule { get; init; }

    /// <summary>Null: nobody says what it will have to carry.</summary>
    public ForecastSpec? Forecast { get; init; }

    /// <summary>The folder whose content is part of the revision, absolute. Null when nothing is copied.</summary>
    public string? Files { get; init; }

    /// <summary>SHA-256 of the content of <see cref="Files"/>, in hexadecimal; filled when a revision is
    /// made.</summary>
    public string? FilesHash { get; init; }

    public EquatableArray<GrantSpec> Configs { get; init; }
    public EquatableArray<GrantSpec> Secrets { get; init; }

    /// <summary>SHA-256 of the folder with the content of <see cref="Configs"/> and <see cref="Secrets"/>, in
    /// hexadecimal; filled when a revision is made. The folder also holds random bytes, so that the hash tells nothing
    /// about a secret.</summary>
    public string? GrantsHash { get; init; }
    public EquatableArray<VolumeSpec> Volumes { get; init; }
    public EquatableArray<UlimitSpec> Ulimits { get; init; }
    public int? OomScoreAdj { get; init; }

    public EquatableArray<GrantSpec> Grants(GrantKind kind) => kind == GrantKind.Config ? Configs : Secrets;

    /// <summary>What a revision keeps files of: its folder's copy, and that of its configs and secrets.</summary>
    public IEnumerable<string> Hashes => new[] { FilesHash, GrantsHash }.OfType<string>();

    /// <summary>How long a replica may take to become ready. After it, a rollout counts the replica as
    /// failed.</summary>
    public TimeSpan StartTimeout => Healthcheck is { Disabled: false } h
        ? h.StartPeriod + h.Retries * (h.Interval + h.Timeout)
        : TimeSpan.FromSeconds(30);

    /// <summary>True when the gateway can send it requests: it has a probe, a route, a port, or exposes one.</summary>
    public bool Serves => Probe is not null || Routes.Count > 0 || Ports.Count > 0 || Expose.Count > 0;

    public bool IsJob => Deploy.Job;

    /// <summary>True when readiness has to be asked; otherwise a process that runs is ready.</summary>
    public bool IsChecked => Serves || Healthcheck is { Disabled: false };

    /// <summary>What a running replica depends on: two specs that agree on it need no move. Routes, replica count,
    /// placement and the rollout's own settings can change under a running replica.</summary>
    public ServiceSpec Template => this with
    {
        Routes = [], Ports = Ports.Where(p => p.Mode == PortMode.Host).ToEquatableArray(), DependsOn = [],
        BackendTls = BackendTls is null ? null : new BackendTlsSpec { Name = "" },
        Balance = default, Traffic = new TrafficSpec(), Files = null, Schedule = null,
        Forecast = null,
        Volumes = Volumes.Where(v => v.Kind == VolumeKind.Named).ToEquatableArray(),
        Deploy = new DeploySpec { Resources = Deploy.Resources, Job = Deploy.Job },
    };
}

public sealed record Variable(string Name, string Value);

public enum PortMode { Ingress, Host }

/// <summary>A published port: the gateway's with <see cref="PortMode.Ingress"/>, the replica's own with
/// <see cref="PortMode.Host"/>.</summary>
public sealed record PortSpec(string? HostAddress, int Published, int Target, PortMode Mode);

public sealed record HealthcheckSpec
{
    /// <summary>The program and its arguments; a CMD-SHELL test is already wrapped in <c>/bin/sh -c</c>.</summary>
    public EquatableArray<string> Test { get; init; }
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
    public int Retries { get; init; } = 3;
    public TimeSpan StartPeriod { get; init; }
    public TimeSpan StartInterval { get; init; } = TimeSpan.FromSeconds(5);
    public bool Disabled { get; init; }
}

public enum DependencyCondition { Started, Healthy, CompletedSuccessfully }

public sealed record DependencySpec(ServiceName Service, DependencyCondition Condition, bool Required, bool Restart);

public enum ProbeKind { Tcp, Http }

/// <summary>Readiness, asked on the replica's own port.</summary>
public sealed record ProbeSpec(ProbeKind Kind, string Path)
{
    /// <summary>By https, with this name; null: by http.</summary>
    public string? ServerName { get; init; }
}

