using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>A CSV data set: every iteration takes the next row.</summary>
internal static class JmxDataSets
{
    /// <param name="group">The thread group whose users alone take from it; null: all do.</param>
    public static void Read(JmxElement one, JmxPlan plan, int? group)
    {
        var names = one.Text("variableNames", "").Split(',', StringSplitOptions.TrimEntries)
            .Where(name => name.Length > 0).ToEquatableArray();
        var delimiter = one.Text("delimiter", ",");
        var (recycle, stop) = (one.Text("recycle", "true") == "true", one.Flag("stopThread"));
        var encoding = one.Text("fileEncoding", "UTF-8");
        if (!encoding.Equals("UTF-8", StringComparison.OrdinalIgnoreCase))
            plan.Unsupported(one.Place, $"the encoding {Planning.Quoted.Of(encoding)} of {one.Shown}");
        if (one.Text("shareMode", "shareMode.all") is not ("shareMode.all" or "shareMode.group") and var shared)
            plan.Unsupported(one.Place, $"{shared}, where {one.Shown} begins anew for every user,");
        if (!recycle && !stop)
            plan.Unsupported(one.Place, $"going on after the last row with <EOF> in {one.Shown}");
        if (delimiter is not "\\t" && delimiter.Length != 1)
            plan.Unsupported(one.Place, $"the delimiter {Planning.Quoted.Of(delimiter)} of {one.Shown}");
        plan.Files.Add(new DataSpec
        {
            File = plan.Settled(one.Text("filename", ""), "a file's name", one.Place), Place = one.Place,
            Columns = names.Count > 0 ? names : null, Separator = delimiter == "\\t" ? '\t' : delimiter[0],
            SkipsFirst = names.Count > 0 && one.Flag("ignoreFirstLine"), EndsUsers = !recycle,
            Quoted = one.Flag("quotedData") || names.Count == 0, Group = group,
        });
    }
}
