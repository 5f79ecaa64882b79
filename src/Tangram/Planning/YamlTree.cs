using Tangram.Model;
using Tangram.Planning.Composing;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Tangram.Planning;

/// <summary>Parses YAML into a <see cref="Tree"/> with places: one document, scalar keys, no tags but those of merging.
/// Aliases share their subtree and merge keys are worked in.</summary>
internal sealed class YamlTree
{
    private const int Deepest = 100;

    private readonly string _file;
    private readonly ProblemList _problems;
    private readonly Scanner _scanner;
    private readonly Parser _parser;
    private readonly Dictionary<string, Tree> _anchors = new(StringComparer.Ordinal);
    private long _values, _characters;

    private readonly string _whenEmpty;

    private YamlTree(string text, string file, ProblemList problems, string whenEmpty)
    {
        (_file, _problems, _whenEmpty) = (file, problems, whenEmpty);
        _scanner = new Scanner(new StringReader(text), skipComments: true);
        _parser = new Parser(_scanner);
    }

    /// <summary>Null when the text could not be read to its end; the problem was noted.</summary>
    /// <param name="whenEmpty">What to do about an empty file.</param>
    public static Tree? Parse(string text, string file, ProblemList problems,
        string whenEmpty = "write services: and below it what shall run")
    {
        var yaml = new YamlTree(text, file, problems, whenEmpty);
        try
        {
            return yaml.Document();
        }
        catch (Stopped)
        {
            return null;
        }
        catch (YamlException e)
        {
            yaml.NotYaml(text, e);
            return null;
        }
        // The parser lets these through for some malformed anchors, tags and escapes.
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException
            or OverflowException or IndexOutOfRangeException or NullReferenceException or InvalidCastException)
        {
            var at = yaml._parser.Current?.Start ?? Mark.Empty;
            problems.Error(yaml.Within(text, at), "what follows here is not YAML",
                "look for a stray &, *, ! or backslash");
            return null;
        }
    }

    private Tree? Document()
    {
        _parser.MoveNext();
        _parser.MoveNext();
        var begins = _parser.Current is DocumentStart;
        if (begins) _parser.MoveNext();
        if (!begins || _parser.Current is Scalar { Value: "", Style: ScalarStyle.Plain, Tag.IsEmpty: true })
        {
            _problems.Error(new Place(_file, 0, 0), "the file is empty", _whenEmpty);
            return null;
        }
        var root = Read(1);
        _parser.MoveNext();
        if (_parser.Current is DocumentStart second)
            Stop(second.Start, "a second document starts here",
                "keep one document, and give others files of their own");
        return root;
    }

    /// <summary>Reads the node at the current event and moves past it.</summary>
    private Tree Read(int depth)
    {
        var at = _parser.Current!;
        if (depth > Deepest)
            Stop(at.Start, $"this is nested more than {Deepest} levels deep",
                "look for brackets that are never closed");
        Count(1, (at as Scalar)?.Value.Length ?? 0, at.Start);
        Tree tree;
        switch (at)
        {
            case AnchorAlias alias:
                _parser.MoveNext();
                return Alias(alias);
            case Scalar scalar:
                tree = ScalarOf(scalar);
                _parser.MoveNext();
                break;
            case SequenceStart:
                tree = ListAt(at, depth);
                break;
            case MappingStart:
                tree = MapAt(at, depth);
                break;
            default:
                throw new InvalidOperationException($"unexpected {at.GetType().Name}");
        }
        if (at is NodeEvent { Anchor.IsEmpty: false } named) _anchors[named.Anchor.Value] = tree;
        if (at is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag }
            && tag.Value != "tag:yaml.org,2002:str")
        {
            if (tag.Value is "!reset" or "!override")
                return new Tree.Tagged(tree.Place, tag.Value == "!reset" ? MergeTag.Reset : MergeTag.Override, tree);
            _problems.Error(tree.Place, $"the tag {Quoted.Of(tag.Value)} is not honoured", "delete the tag");
            return new Tree.Refused(tree.Place);
        }
        return tree;
    }

    private Tree ScalarOf(Scalar scalar)
    {
        var (place, text) = (PlaceOf(scalar.Start), scalar.Value);
        if (!text.Contains('\0') && !HasLoneSurrogate(text))
            return new Tree.Scalar(place, text, scalar.Style != ScalarStyle.Plain || !scalar.Tag.IsEmpty);
        _problems.Error(place, "this text holds a character that no program can be given",
            "delete the \\0 or the half of a surrogate pair");
        return new Tree.Refused(place);
    }

    private Tree.List ListAt(ParsingEvent start, int depth)
    {
        var items = new List<Tree>();
        _parser.MoveNext();
        while (_parser.Current is not SequenceEnd) items.Add(Read(depth + 1));
        _parser.MoveNext();
        return new Tree.List(PlaceOf(start.Start), items);
    }

    private Tree.Map MapAt(ParsingEvent start, int depth)
    {
        var entries = new List<Tree.Entry>();
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        var merged = new List<Tree>();
        _parser.MoveNext();
        while (_parser.Current is not MappingEnd)
        {
            var key = Read(depth + 1);
            var value = Read(depth + 1);
            if (key is Tree.Refused) continue;
            if (key is not Tree.Scalar name)
                _problems.Error(key.Place, "this key is a list or a map", "use a word as the key");
            else if (name is { Text: "<<", Quoted: false })
                merged.Add(value);
            else if (places.TryAdd(name.Text, name.Place))
                entries.Add(new Tree.Entry(name, value));
            else
                _problems.Error(name.Place,
                    $"{Quoted.Of(name.Text)} is given twice (first in line {places[name.Text].Line})",
                    "keep one of them");
        }
        _parser.MoveNext();
        foreach (var source in merged.SelectMany(value => value is Tree.List list ? list.Items : [value]))
            Merge(source, entries, places, start.Start);
        return new Tree.Map(PlaceOf(start.Start), entries);
    }

    /// <summary>A map's own keys win over merged ones, and an earlier source wins over a later one.</summary>
    private void Merge(Tree source, List<Tree.Entry> entries, Dictionary<string, Place> places, Mark at)
    {
        if (source is Tree.Refused) return;
        if (source is not Tree.Map map)
        {
            _problems.Error(source.Place, $"'<<' merges maps, and this is {source.Kind}",
                "write <<: *NAME, where NAME is the anchor of a map");
            return;
        }
        foreach (var entry in map.Entries)
            if (places.TryAdd(entry.Key.Text, entry.Key.Place))
            {
                Count(1 + entry.Value.Size, entry.Key.Characters + entry.Value.Characters, at);
                entries.Add(entry);
            }
    }

    private Tree Alias(AnchorAlias alias)
    {
        if (_anchors.TryGetValue(alias.Value.Value, out var tree))
        {
            Count(tree.Size, tree.Characters, alias.Start);
            return tree;
        }
        _problems.Error(PlaceOf(alias.Start),
            $"there is no anchor {Quoted.Of("&" + alias.Value.Value)} before this alias",
            "define the anchor earlier in the file, or put the text into quotes");
        return new Tree.Refused(PlaceOf(alias.Start));
    }

    /// <summary>Counted with aliases written out, which is what a reader of the tree walks through.</summary>
    private void Count(long values, long characters, Mark at)
    {
        (_values, _characters) = (_values + values, _characters + characters);
        var what = _values > InputBudget.MostValues ? $"{InputBudget.MostValues} values"
            : _characters > InputBudget.MostCharacters ? $"{InputBudget.MostCharacters} characters" : null;
        if (what is not null)
            Stop(at, $"with its aliases written out, the file has more than {what}",
                "split the file, or use fewer aliases");
    }

    private void NotYaml(string text, YamlException e)
    {
        var (first, last) = ((int)e.Start.Line, (int)Math.Max(e.Start.Line, _scanner.CurrentPosition.Line));
        var lines = text.Split('\n');
        var tab = Enumerable.Range(first, last - first + 1)
            .FirstOrDefault(number => number <= lines.Length && IndentedWithTab(lines[number - 1]));
        if (tab > 0)
            _problems.Error(new Place(_file, tab, 1), "this line is indented with a tab, which YAML does not allow",
                "indent with spaces");
        else
            _problems.Error(Within(text, e.Start), $"this is not YAML: {Lower(e.Message).TrimEnd('.')}",
                "look at the indentation, quotes and brackets here and on the lines before");
    }

    private static bool IndentedWithTab(string line) =>
        line.AsSpan(0, line.Length - line.AsSpan().TrimStart().Length).Contains('\t');

    private static string Lower(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return true;
            i++;
        }
        return false;
    }

    private void Stop(Mark at, string what, string remedy)
    {
        _problems.Error(PlaceOf(at), what, remedy);
        throw new Stopped();
    }

    /// <summary>The parser puts what is missing at the end into a line of its own.</summary>
    private Place Within(string text, Mark mark)
    {
        var (line, at) = (1, 0);
        while (line < mark.Line && text.AsSpan(at).IndexOfAny(LineEnds) is >= 0 and var length)
        {
            var next = at + length + (text.AsSpan(at + length).StartsWith("\r\n") ? 2 : 1);
            if (next >= text.Length) break;
            (line, at) = (line + 1, next);
        }
        if (line == mark.Line) return PlaceOf(mark);
        var end = text.AsSpan(at).IndexOfAny(LineEnds);
        return new Place(_file, line, (end < 0 ? text.Length - at : end) + 1);
    }

    /// <summary>By the parser's count.</summary>
    private static readonly System.Buffers.SearchValues<char> LineEnds =
        System.Buffers.SearchValues.Create("\n\r\u0085\u2028\u2029");

    private Place PlaceOf(Mark mark) => new(_file, (int)mark.Line, (int)mark.Column);

    /// <summary>Leaves the recursion after a problem that makes the rest of the file pointless to read.</summary>
    private sealed class Stopped : Exception;
}
