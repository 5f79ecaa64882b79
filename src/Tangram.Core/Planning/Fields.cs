using Tangram.Model;

namespace Tangram.Planning;

/// <summary>One map of the file, opened as a section: keys that the section does not honour have been refused, and the
/// others can be read. A missing key gives the fallback; so does a wrong one, after its problem was noted.</summary>
internal sealed class Fields
{
    private readonly Section _section;
    private readonly Dictionary<string, Tree> _values = new(StringComparer.Ordinal);

    private Fields(Section section, Place place, ProblemList problems) =>
        (_section, Place, Problems) = (section, place, problems);

    public Place Place { get; }
    public ProblemList Problems { get; }

    /// <summary>It was there and is a map.</summary>
    public bool IsMap { get; private init; }

    /// <summary>A missing map opens as an empty one at <paramref name="elsewhere"/>.</summary>
    public static Fields Open(Tree? tree, Section section, Place elsewhere, ProblemList problems)
    {
        var fields = new Fields(section, tree?.Place ?? elsewhere, problems) { IsMap = tree is Tree.Map };
        if (tree is Tree.Map map)
            foreach (var entry in map.Entries) fields.Admit(entry);
        else if (tree is not (null or Tree.Refused))
            problems.Error(tree.Place, $"{section.Title} takes a map and is {tree.Kind}",
                $"write a map; honoured here: {string.Join(", ", section.Honoured)}");
        return fields;
    }

    /// <summary>The value of an honoured key, or null.</summary>
    public Tree? this[string key] => _section.Honours(key)
        ? _values.GetValueOrDefault(key)
        : throw new InvalidOperationException($"the table of {_section.Title} does not honour '{key}'");

    /// <summary>Where the key's value stands, or the map when there is none.</summary>
    public Place PlaceOf(string key) => this[key]?.Place ?? Place;

    public Fields Open(string key, Section section) => Open(this[key], section, Place, Problems);

    public IReadOnlyList<Tree> Items(string key) => Scalars.Items(this[key], key, Problems);

    public string? Filled(string key) => this[key] is { } tree ? Scalars.Filled(tree, key, Problems) : null;

    public int Whole(string key, int fallback, int least, int most) => WholeOrNull(key, least, most) ?? fallback;

    public int? WholeOrNull(string key, int least, int most) =>
        this[key] is { } tree ? (int?)Scalars.Whole(tree, key, least, most, Problems) : null;

    public bool Flag(string key, bool fallback) =>
        this[key] is { } tree ? Scalars.Flag(tree, key, Problems) ?? fallback : fallback;

    public TimeSpan Duration(string key, TimeSpan fallback, bool positive = false) =>
        DurationOrNull(key, positive) ?? fallback;

    public TimeSpan? DurationOrNull(string key, bool positive) =>
        this[key] is { } tree ? Scalars.Duration(tree, key, positive, Problems) : null;

    public T? Parsed<T>(string key, Func<string, T?> read, string wanted) where T : struct =>
        this[key] is { } tree ? Scalars.Parsed(tree, key, read, wanted, Problems) : null;

    /// <summary>One of a few words. <paramref name="refused"/> gives the remedy for words that others know.</summary>
    public T Choice<T>(
        string key, T fallback, (string Word, T Value)[] choices,
        params ReadOnlySpan<(string Word, string Remedy)> refused)
    {
        if (this[key] is not { } tree || Scalars.Filled(tree, key, Problems) is not { } text) return fallback;
        foreach (var (word, value) in choices) if (word == text) return value;
        var words = choices.Select(choice => choice.Word).ToList();
        var remedy = NearMiss.Of(text, words) is { } meant ? $"write {meant}" : $"write {string.Join(" or ", words)}";
        foreach (var (word, known) in refused) if (word == text) remedy = known;
        Problems.Error(tree.Place, $"'{key}' is {Quoted.Of(text)}, which is not honoured", remedy);
        return fallback;
    }

    private void Admit(Tree.Entry entry)
    {
        var (name, place) = (entry.Key.Text, entry.Key.Place);
        var known = _section.Find(name);
        if (known is { Honoured: true })
        {
            _values.TryAdd(name, entry.Value);
        }
        else if (known is { Support: Support.PassedOver })
        {
            if (entry.Value is not Tree.Refused)
                Problems.Warn(place, $"'{name}' is passed over in {_section.Title}", known.Note);
        }
        else if (known is not null)
        {
            Problems.Error(place, $"'{name}' is not honoured in {_section.Title}", known.Note);
        }
        else if (name.StartsWith("x-", StringComparison.Ordinal) && name != "x-tangram")
        {
            if (NearMiss.Of(name, ["x-tangram"]) is not null)
                Problems.Warn(place, $"{Quoted.Of(name)} is passed over like every x- key",
                    "if 'x-tangram' is meant, write that");
        }
        else if (Problems.Full)
        {
            Problems.Error(place, "", "");
        }
        else
        {
            Problems.Error(place, $"{Quoted.Of(name)} is not a key of {_section.Title}",
                Sections.RemedyFor(name, _section));
        }
    }
}
