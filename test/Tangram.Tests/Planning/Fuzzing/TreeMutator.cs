using Tangram.Model;

namespace Tangram.Tests.Planning.Fuzzing;

/// <summary>Changes a tree in one place, so that it stays a file of the kind that people write, with something wrong or
/// unusual in it.</summary>
internal sealed class TreeMutator(Rng rng, IReadOnlyList<Node> others)
{
    public void Change(Node root)
    {
        var all = root.All().ToList();
        var node = all[rng.Next(all.Count)];
        switch (rng.Next(15))
        {
            case 0: Drop(Holder(all)); break;
            case 1: Repeat(Holder(all)); break;
            case 2: Retype(node); break;
            case 3 or 4: node.Become(Node.Of(Hostile.Text(rng), rng.Chance(0.5))); break;
            case 5: Rename(Holder(all)); break;
            case 6: Nest(node); break;
            case 7: Alias(all); break;
            case 8: Merge(all, Holder(all)); break;
            case 9: node.Become(all[rng.Next(all.Count)]); break;
            case 10: Graft(node); break;
            case 11: node.Tag = new[] { "!reset", "!override", "!!str", "!x", "!!binary", null }[rng.Next(6)]; break;
            case 12 or 13: Insert(Holder(all)); break;
            default: Lead(Holder(all)); break;
        }
    }

    /// <summary>A list or a map with something in it; the root when there is none.</summary>
    private Node Holder(List<Node> all)
    {
        var holders = all.Where(node => node.Items.Count + node.Entries.Count > 0).ToList();
        return holders.Count == 0 ? all[0] : holders[rng.Next(holders.Count)];
    }

    private void Drop(Node holder)
    {
        if (holder.Items.Count > 0) holder.Items.RemoveAt(rng.Next(holder.Items.Count));
        if (holder.Entries.Count > 0) holder.Entries.RemoveAt(rng.Next(holder.Entries.Count));
    }

    private void Repeat(Node holder)
    {
        var times = rng.Chance(0.1) ? 200 : 1;
        for (; times > 0; times--)
        {
            if (holder.Items.Count > 0) holder.Items.Add(holder.Items[rng.Next(holder.Items.Count)].Copy());
            if (holder.Entries.Count == 0) continue;
            var (key, value) = holder.Entries[rng.Next(holder.Entries.Count)];
            holder.Entries.Add((rng.Chance(0.5) ? key.Copy() : Node.Of(key.Text + times), value.Copy()));
        }
    }

    private void Retype(Node node)
    {
        var copy = node.Copy();
        node.Become(rng.Next(4) switch
        {
            0 => Node.List([copy]),
            1 => Node.Map([(Node.Of(Hostile.Key(rng)), copy)]),
            2 => Node.List([]),
            _ => Node.Map([]),
        });
    }

    private void Rename(Node holder)
    {
        if (holder.Entries.Count > 0)
            holder.Entries[rng.Next(holder.Entries.Count)].Key.Become(Node.Of(Hostile.Key(rng), rng.Chance(0.2)));
    }

    private void Nest(Node node)
    {
        var deep = node.Copy();
        for (var levels = rng.Chance(0.1) ? 1000 : 1 + rng.Next(120); levels > 0; levels--)
            deep = rng.Chance(0.5) ? Node.List([deep]) : Node.Map([(Node.Of("a"), deep)]);
        // Copying is recursive, and this is deep: only its top moves.
        (node.Kind, node.Tag) = (deep.Kind, null);
        node.Items.Clear();
        node.Entries.Clear();
        node.Items.AddRange(deep.Items);
        node.Entries.AddRange(deep.Entries);
    }

    private void Alias(List<Node> all)
    {
        var anchored = all[rng.Next(all.Count)];
        anchored.Anchor ??= $"a{rng.Next(5)}";
        for (var times = 1 + rng.Next(3); times > 0; times--)
        {
            var other = all[rng.Next(all.Count)];
            if (other != anchored) other.Become(new Node { Kind = NodeKind.Alias, Text = anchored.Anchor });
        }
    }

    private void Merge(List<Node> all, Node holder)
    {
        if (holder.Kind != NodeKind.Map) return;
        var maps = all.Where(node => node.Kind == NodeKind.Map).ToList();
        var source = maps[rng.Next(maps.Count)];
        source.Anchor ??= $"m{rng.Next(5)}";
        var alias = new Node { Kind = NodeKind.Alias, Text = source.Anchor };
        holder.Entries.Add((Node.Of("<<"), rng.Chance(0.7) ? alias : Node.List([alias, alias.Copy()])));
    }

    private void Graft(Node node)
    {
        var other = others[rng.Next(others.Count)].All().ToList();
        node.Become(other[rng.Next(other.Count)]);
    }

    private void Insert(Node holder)
    {
        if (holder.Kind != NodeKind.Map) return;
        var text = Node.Of(Hostile.Text(rng), rng.Chance(0.3));
        holder.Entries.Add((Node.Of(Hostile.Key(rng)), rng.Next(4) switch
        {
            0 => Node.List([text]),
            1 => Node.Map([(Node.Of(Hostile.Key(rng)), text)]),
            _ => text,
        }));
    }

    /// <summary>To another file, or round in a circle.</summary>
    private void Lead(Node holder)
    {
        if (holder.Kind != NodeKind.Map) return;
        var file = ComposeFuzzer.Names[rng.Next(ComposeFuzzer.Names.Count)];
        Node Map(params (string Key, Node Value)[] entries) =>
            Node.Map(entries.Select(entry => (Node.Of(entry.Key), entry.Value)));
        var (key, value) = rng.Next(6) switch
        {
            0 => ("include", Node.List([Node.Of(file)])),
            1 => ("include", Node.List([Map(("path", Node.Of(file)), ("env_file", Node.Of("a.env")))])),
            2 => ("extends", Map(("file", Node.Of(file)), ("service", Node.Of("web")))),
            3 => ("extends", Node.Of("web")),
            4 => ("env_file",
                Node.List([Node.Of("a.env"), Map(("path", Node.Of("a.env")), ("format", Node.Of("raw")))])),
            _ => ("label_file", Node.Of("a.env")),
        };
        holder.Entries.Add((Node.Of(key), value));
    }
}
