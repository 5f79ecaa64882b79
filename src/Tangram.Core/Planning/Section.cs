namespace Tangram.Planning;

/// <summary>One key of a section. For an honoured key <paramref name="Note"/> says what it takes and its default; for a
/// refused one it is the remedy that the author is given, and for one that is passed over with a warning, why that does
/// no harm.</summary>
public sealed record SectionKey(string Name, Support Support, string Note)
{
    internal bool Honoured => Support == Support.Honoured;

    /// <summary>For a service with an image, once those run. What a process cannot have, a container mostly
    /// can.</summary>
    public Support Container { get; init; } = Support == Support.Refused ? Support.Honoured : Support;

    /// <summary>How that differs where a cluster has many machines.</summary>
    public string Machines { get; init; } = "same";

    /// <summary>Null: known to the reader alone.</summary>
    public Shape? Shape { get; init; }

    /// <summary>A container will not have it either.</summary>
    internal SectionKey Never() => this with { Container = Support.Refused };

    /// <summary>It is passed over only for want of a container.</summary>
    internal SectionKey Later() => this with { Container = Support.Honoured };

    internal SectionKey On(string machines) => this with { Machines = machines };

    internal SectionKey As(Shape shape) => this with { Shape = shape };
}

public enum Support { Honoured, PassedOver, Refused }

/// <summary>A map of the file and every key that it may hold. The reader takes its refusals from here and may read
/// honoured keys only, and the support matrix is printed from here: the three cannot disagree.</summary>
public sealed class Section
{
    private readonly Dictionary<string, SectionKey> _keys;

    internal Section(string title, params SectionKey[] keys)
    {
        (Title, Keys) = (title, keys);
        _keys = keys.ToDictionary(key => key.Name, StringComparer.Ordinal);
    }

    /// <summary>As it stands in messages: <c>deploy.placement</c>.</summary>
    public string Title { get; }

    /// <summary>In the order of the support matrix.</summary>
    public IReadOnlyList<SectionKey> Keys { get; }

    internal IEnumerable<string> Honoured => Keys.Where(key => key.Honoured).Select(key => key.Name);

    internal SectionKey? Find(string name) => _keys.GetValueOrDefault(name);

    internal bool Honours(string name) => Find(name) is { Honoured: true };

    internal static SectionKey Yes(string name, string note) => new(name, Support.Honoured, note);

    internal static SectionKey No(string name, string remedy) => new(name, Support.Refused, remedy);

    internal static SectionKey Pass(string name, string harmless) => new(name, Support.PassedOver, harmless);
}
