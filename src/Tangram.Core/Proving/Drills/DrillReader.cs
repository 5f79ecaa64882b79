using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>Reads a drill's file. Every problem is noted with its place; what is returned counts only when
/// there was none.</summary>
internal static class DrillReader
{
    private const int MostFaults = 1_000, MostRandom = 100;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <param name="name">When the file says none.</param>
    public static DrillSpec Read(Tree tree, string name, ProblemList problems)
    {
        var top = Fields.Open(tree, DrillKeys.Top, tree.Place, problems);
        var hypothesis = top.Open("hypothesis", DrillKeys.Hypothesis);
        var load = Load(top.Open("load", DrillKeys.Load));
        var faults = Faults(top, load.Duration);
        var random = top.Whole("random", 0, 1, MostRandom);
        if (top.IsMap && faults.Count == 0 && random == 0 && !problems.HasErrors)
            problems.Error(tree.Place, "this drill breaks nothing",
                "write faults: and below it what shall break, such as - { kind: replica-killed, at: 5s }");
        return new DrillSpec
        {
            Name = top.Filled("name") ?? name,
            About = top.Filled("about") ?? "",
            Availability = hypothesis.Parsed("availability", Quantities.Share, "a share such as 99.9% or 0.999"),
            LatencyP99 = hypothesis.DurationOrNull("latency_p99", positive: true),
            Recovery = hypothesis.DurationOrNull("recovery_time", positive: true),
            Steady = top.Duration("steady", TimeSpan.FromSeconds(3), positive: true),
            Load = load,
            Faults = faults.OrderBy(fault => fault.At).ToEquatableArray(),
            Random = random,
        };
    }

    private static DrillLoadSpec Load(Fields fields)
    {
        var load = new DrillLoadSpec();
        load = load with
        {
            Url = fields.Filled("url"),
            Path = fields.Filled("path"),
            Method = (fields.Filled("method") ?? load.Method).ToUpperInvariant(),
            Rate = fields.Parsed("rate", Quantities.Number, "a number such as 50") ?? load.Rate,
            Duration = fields.Duration("duration", load.Duration, positive: true),
        };
        if (load.Url is not null && !(Uri.TryCreate(load.Url, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https"))
            fields.Problems.Error(fields.PlaceOf("url"),
                $"'url' is {Quoted.Of(load.Url)}, which does not start with http:// or https://",
                "write a whole URL, or a path: alone");
        if (load.Path is { } path && !path.StartsWith('/'))
            fields.Problems.Error(fields.PlaceOf("path"), $"'path' is {Quoted.Of(path)}, which does not begin with /",
                $"write {Quoted.Of("/" + path)}");
        if (load is { Url: not null, Path: not null })
            fields.Problems.Error(fields.PlaceOf("path"), "a url and a path are given", "keep one of them");
        if (!load.Method.All(char.IsAsciiLetter))
            fields.Problems.Error(fields.PlaceOf("method"), $"{Quoted.Of(load.Method)} is not a method of HTTP",
                "write GET");
        if (load.Rate is not (> 0 and <= LoadOptions.HighestRate))
            fields.Problems.Error(fields.PlaceOf("rate"), "'rate' is out of bounds",
                $"write a number more than 0 and at most {LoadOptions.HighestRate:0}");
        if (load.Duration > Longest)
            fields.Problems.Error(fields.PlaceOf("duration"), "'duration' is longer than a day", "write 1d or less");
        return load;
    }

    private static List<FaultSpec> Faults(Fields top, TimeSpan duration)
    {
        var faults = new List<FaultSpec>();
        var items = top.Items("faults");
        if (items.Count > MostFaults)
            top.Problems.Error(top.PlaceOf("faults"), $"these are more than {MostFaults} faults",
                "make two drills of it");
        foreach (var item in items.Take(MostFaults))
            if (Fault(Fields.Open(item, DrillKeys.Fault, item.Place, top.Problems), duration) is { } fault)
                faults.Add(fault);
        return faults;
    }

    private static FaultSpec? Fault(Fields fields, TimeSpan duration)
    {
        if (!fields.IsMap) return null;
        if (fields["kind"] is null)
        {
            fields.Problems.Error(fields.Place, "this fault has no kind", $"write kind: and one of {Words}");
            return null;
        }
        (string, FaultForm?)[] forms = [.. FaultForm.All.Select(form => (form.Word, (FaultForm?)form))];
        if (fields.Choice("kind", null, forms) is not { } form) return null;
        var at = fields.Duration("at", TimeSpan.Zero);
        if (at >= duration)
            fields.Problems.Error(fields.PlaceOf("at"), "this is after the end of the load",
                "let it begin earlier, or the load last longer");
        var target = fields.Filled("target");
        if (target is not null && form.Subject == FaultSubject.Nothing)
            fields.Problems.Error(fields.PlaceOf("target"), $"{form.Word} has no target: {form.Note}", "delete it");
        else if (target is not null && !Names.IsValid(target))
            fields.Problems.Error(fields.PlaceOf("target"), $"{Quoted.Of(target)} is not a name",
                $"name a {Subject(form)}, as `tangram status` does");
        if (fields["for"] is not null && !form.Lasts)
            fields.Problems.Error(fields.PlaceOf("for"), $"{form.Word} strikes once: {form.Note}", "delete it");
        var time = form.Lasts ? fields.Duration("for", FaultSpec.UsualTime, positive: true) : TimeSpan.Zero;
        if (time > Longest)
            fields.Problems.Error(fields.PlaceOf("for"), "'for' is longer than a day", "write 24h or less");
        foreach (var key in FaultForm.AllKeys)
            if (fields[key] is not null && !form.Keys.Contains(key))
                fields.Problems.Error(fields.PlaceOf(key), $"{form.Word} has no {key}", "delete it");
        // A disk that is never read is not slow.
        var least = form.Kind == FaultKind.DiskSlow ? 1 : double.Epsilon;
        var rate = fields.Parsed("rate", text => Quantities.Number(text) is { } r && r >= least
            && r <= LoadOptions.HighestRate ? r : (double?)null,
            $"a number {(least < 1 ? "more than 0" : "of at least 1")} and at most {LoadOptions.HighestRate:0}");
        return new FaultSpec(form.Kind, target, at, time, fields.Place)
        {
            Rate = rate, Impairment = ImpairmentReader.Read(form, fields), Link = LinkReader.Read(form, fields),
            Shared = fields.Flag("shared", false),
            Offset = fields.Parsed("offset", Offset, "whole seconds, such as 1h, -90s or -30d")
                ?? FaultSpec.UsualOffset,
        };
    }

    private static TimeSpan? Offset(string text) =>
        Quantities.Duration(text.StartsWith('-') ? text[1..] : text) is { } span && span >= TimeSpan.FromSeconds(1)
            && span.Ticks % TimeSpan.TicksPerSecond == 0 ? (text.StartsWith('-') ? -span : span) : null;

    private static string Subject(FaultForm form) => form.Subject == FaultSubject.Path ? "replica, service or zone"
        : form.Subject.ToString().ToLowerInvariant();

    private static string Words => string.Join(", ", FaultForm.All.Select(form => form.Word));
}
