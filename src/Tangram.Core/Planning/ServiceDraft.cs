using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Something that was read, with its place for the checks that come later.</summary>
internal readonly record struct Placed<T>(T Value, Place Place);

/// <summary>A folder that the file names. Whether it exists is for the shell to look up.</summary>
public sealed record FolderAsked(string Key, string Path, Place Place);

/// <summary>A file whose text is what clients of a service are told.</summary>
public sealed record AnswerAsked(ServiceName Service, string Path, Place Place);

internal sealed record ServiceDraft
{
    public required ServiceSpec Spec { get; init; }

    /// <summary>Of its name.</summary>
    public required Place Place { get; init; }
    public required Place ReplicasPlace { get; init; }
    public required Place MaxPerNodePlace { get; init; }
    public required Place TangramPlace { get; init; }
    public IReadOnlyList<Placed<PortSpec>> Ports { get; init; } = [];
    public IReadOnlyList<Placed<DependencySpec>> Dependencies { get; init; } = [];
    public IReadOnlyList<Placed<RouteSpec>> Routes { get; init; } = [];
    public IReadOnlyList<string> Profiles { get; init; } = [];
    public EquatableArray<TlsFileAsked> TlsFiles { get; init; }
    public ScheduleAsked? Schedule { get; init; }
    public IReadOnlyList<FolderAsked> Folders { get; init; } = [];
    public DegradeDraft? Degrade { get; init; }

    /// <summary>The key is there, be its value right or wrong, so that a wrong one is not also called
    /// missing.</summary>
    public required bool AsksProbe { get; init; }
    public required bool AsksFiles { get; init; }

    /// <summary>Something tells whether a replica is ready.</summary>
    public bool Checked => AsksProbe || Spec.Healthcheck is { Disabled: false };

    public ServiceName Name => Spec.Name;
}
