using System.Text;
using Tangram.Planning;

namespace Tangram.Tests.Planning.Fuzzing;

internal enum NodeKind { Scalar, List, Map, Alias }

/// <summary>A YAML node that can be changed into anything, also into what no reader accepts.</summary>
internal sealed class Node
{
    public NodeKind Kind { get; set; } = NodeKind.Scalar;

    /// <summary>Of a scalar; of an alias, the anchor that it names.</summary>
    public string Text { get; set; } = "";
    public bool Quoted { get; set; }
    public string? Anchor { get; set; }
    public string? Tag { get; set; }
    public List<Node> Items { get; private init; } = [];
    public List<(Node Key, Node Value)> Entries { get; private init; } = [];

    public static Node Of(string text, bool quoted = false) => new() { Text = text, Quoted = quoted };

    public static Node Of(Tree tree) => tree switch
    {
        Tree.Scalar scalar => Of(scalar.Text, scalar.Quoted),
        Tree.List list => List(list.Items.Select(Of)),
        Tree.Map map => Map(map.Entries.Select(e => (Of(e.Key), Of(e.Value)))),
        Tree.Tagged tagged => Marked(Of(tagged.Value), tagged.Tag == MergeTag.Reset ? "!reset" : "!override"),
        _ => Of("~"),
    };

    public static Node List(IEnumerable<Node> items) => new() { Kind = NodeKind.List, Items = [.. items] };

    public static Node Map(IEnumerable<(Node, Node)> entries) =>
        new() { Kind = NodeKind.Map, Entries = [.. entries] };

    public Node Copy() => new()
    {
        Kind = Kind, Text = Text, Quoted = Quoted, Anchor = Anchor, Tag = Tag,
        Items = [.. Items.Select(item => item.Copy())],
        Entries = [.. Entries.Select(entry => (entry.Key.Copy(), entry.Value.Copy()))],
    };

    /// <summary>This one and all below it, in the order in which they are printed.</summary>
    public IEnumerable<Node> All()
    {
        yield return this;
        foreach (var below in Items.Concat(Entries.SelectMany(entry => new[] { entry.Key, entry.Value })))
            foreach (var node in below.All())
                yield return node;
    }

    /// <summary>Takes over what another is.</summary>
    public void Become(Node other)
    {
        // The other may stand below this one, or be this one.
        var copy = other.Copy();
        (Kind, Text, Quoted, Anchor, Tag) = (copy.Kind, copy.Text, copy.Quoted, copy.Anchor, copy.Tag);
        Items.Clear();
        Items.AddRange(copy.Items);
        Entries.Clear();
        Entries.AddRange(copy.Entries);
    }

    /// <param name="flow">With brackets, on one line.</param>
    public string Print(bool flow)
    {
        var text = new StringBuilder();
        if (flow) Flow(text);
        else Block(text, 0);
        return text.Append('\n').ToString();
    }

    private static Node Marked(Node node, string tag)
    {
        node.Tag = tag;
        return node;
    }

    private string Before => (Anchor is null ? "" : $"&{Anchor} ") + (Tag is null ? "" : $"{Tag} ");

    private void Block(StringBuilder text, int depth)
    {
        text.Append(Before);
        if (Kind is NodeKind.Scalar or NodeKind.Alias || (Items.Count == 0 && Entries.Count == 0))
        {
            Flow(text, marked: true);
            return;
        }
        foreach (var item in Items)
        {
            text.Append('\n').Append(' ', depth).Append("- ");
            item.Block(text, depth + 2);
        }
        foreach (var (key, value) in Entries)
        {
            text.Append('\n').Append(' ', depth);
            if (key.Kind is NodeKind.List or NodeKind.Map) text.Append("? ");
            key.Flow(text);
            if (key.Kind is NodeKind.List or NodeKind.Map) text.Append('\n').Append(' ', depth);
            text.Append(key.Kind == NodeKind.Alias ? " : " : ": ");
            value.Block(text, depth + 2);
        }
    }

    private void Flow(StringBuilder text, bool marked = false)
    {
        if (!marked) text.Append(Before);
        switch (Kind)
        {
            case NodeKind.Alias:
                text.Append('*').Append(Text);
                break;
            case NodeKind.List:
                text.Append('[');
                foreach (var item in Items)
                {
                    item.Flow(text);
                    text.Append(", ");
                }
                text.Append(']');
                break;
            case NodeKind.Map:
                text.Append('{');
                foreach (var (key, value) in Entries)
                {
                    key.Flow(text);
                    text.Append(" : ");
                    value.Flow(text);
                    text.Append(", ");
                }
                text.Append('}');
                break;
            default:
                text.Append(Scalar());
                break;
        }
    }

    private string Scalar()
    {
        if (!Quoted && Text.Length > 0 && Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '/' or '<'))
            return Text;
        if (!Text.Any(c => c < ' ' || char.IsSurrogate(c) || c > '\u007E')) return $"'{Text.Replace("'", "''")}'";
        var quoted = new StringBuilder("\"");
        foreach (var c in Text)
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (c is < ' ' or (>= '\u007F' and < '\u00A0') or (>= '\u2000' and < '\u3000') or >= '\uFE00')
                quoted.Append($"\\u{(int)c:X4}");
            else quoted.Append(c);
        return quoted.Append('"').ToString();
    }
}
