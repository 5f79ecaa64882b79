using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Works <c>env_file</c> into each service's <c>environment</c>, whose own words win, and gives a variable
/// without a value that of whoever runs the command. Likewise <c>label_file</c> into <c>labels</c>.</summary>
internal static class EnvironmentStage
{
    public static Tree In(
        Tree root, string folder, IComposeFiles files, ComposeSource source, InputBudget budget, ProblemList problems)
    {
        if (root is not Tree.Map map) return root;
        var pairs = new PairFiles(files, source, budget, problems);
        Tree Service(Tree tree) => Worked(Worked(tree, "env_file", "environment"), "label_file", "labels");
        Tree Worked(Tree tree, string files, string into) => tree is not Tree.Map service ? tree
            : new Tree.Map(service.Place,
                [.. new ServicePairs(service, files, into, folder, pairs, source, problems).Entries()]);
        Tree.Entry Entry(Tree.Entry entry) => entry.Key.Text != "services" || entry.Value is not Tree.Map all ? entry
            : new Tree.Entry(entry.Key,
                new Tree.Map(all.Place, [.. all.Entries.Select(s => new Tree.Entry(s.Key, Service(s.Value)))]));
        return new Tree.Map(map.Place, [.. map.Entries.Select(Entry)]);
    }

    private sealed class ServicePairs(
        Tree.Map service, string files, string into, string folder, PairFiles pairs, ComposeSource source,
        ProblemList problems)
    {
        public IEnumerable<Tree.Entry> Entries()
        {
            var asked = service.Entries.FirstOrDefault(e => e.Key.Text == files);
            var own = service.Entries.FirstOrDefault(e => e.Key.Text == into);
            if (asked is null && (own is null || into == "labels")) return service.Entries;
            var keyed = own is null ? null : Merging.Keyed(own.Value, '=');
            // Of no known form: the reader says so.
            if (keyed is not (null or Tree.Map or Tree.Scalar { IsNull: true })) return Without();
            var all = new Dictionary<string, Tree.Entry>(StringComparer.Ordinal);
            if (asked is not null) Files(asked.Value, all);
            foreach (var entry in (keyed as Tree.Map)?.Entries ?? [])
                if (Known(entry) is { } known) all[entry.Key.Text] = known;
                else all.Remove(entry.Key.Text);
            var place = own?.Value.Place ?? asked!.Value.Place;
            var key = own?.Key ?? new Tree.Scalar(place, into, quoted: false);
            return Without(own).Append(new Tree.Entry(key, new Tree.Map(place, [.. all.Values])));
        }

        private IEnumerable<Tree.Entry> Without(Tree.Entry? pairs = null) =>
            service.Entries.Where(e => e.Key.Text != files && e != pairs);

        private void Files(Tree tree, Dictionary<string, Tree.Entry> all)
        {
            foreach (var item in tree is Tree.List list ? list.Items : [tree])
            {
                var fields = item is Tree.Map && into == "environment"
                    ? Fields.Open(item, FileKeys.EnvFile, item.Place, problems) : null;
                var required = fields?.Flag("required", true) ?? true;
                var raw = fields?.Choice("format", false, [("raw", true)]) ?? false;
                var path = fields is null ? Scalars.Filled(item, files, problems) : fields.Filled("path");
                if (path is null)
                {
                    if (fields is not null && fields["path"] is null)
                        problems.Error(item.Place, $"this {files} names no file", "write path: FILE");
                    continue;
                }
                foreach (var (name, value) in pairs.Of(Path.GetFullPath(path, folder), raw, required, item.Place))
                {
                    var key = new Tree.Scalar(value?.Place ?? item.Place, name, quoted: true);
                    if (Known(new Tree.Entry(key, (Tree?)value ?? new Tree.Scalar(item.Place, "", quoted: false)))
                        is { } known) all[name] = known;
                }
            }
        }

        private Tree.Entry? Known(Tree.Entry entry)
        {
            if (entry.Value is not Tree.Scalar { IsNull: true } || into == "labels") return entry;
            if (source.Variable(entry.Key.Text) is { } value)
                return new Tree.Entry(entry.Key, new Tree.Scalar(entry.Value.Place, value, quoted: true));
            problems.Warn(entry.Key.Place,
                $"{Quoted.Of(entry.Key.Text)} has no value here and none in your environment, and is not set",
                $"give it one, or write {Quoted.Of(entry.Key.Text + ": \"\"")} for an empty one");
            return null;
        }
    }
}
