using System.CommandLine;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Observing.Doctoring;

namespace Tangram.Cli;

/// <summary>tangram doctor: looks at the machine, says what is wrong and how to fix it, and fixes what is safe when
/// asked to.</summary>
internal sealed class DoctorCommand(CommandContext context, ClusterSpec? spec, EquatableArray<AcmeFacts> acme)
{
    private const string Kept = "/etc/sysctl.d/90-tangram.conf";

    private readonly Surroundings _around = context.Around;
    private readonly FileDemand? _demand = spec is null ? null : FileDemand.Of(spec);

    public static Command Make(CommandContext context)
    {
        var file = CommandContext.FileOption();
        file.Description = "Look at what this Compose file needs of the machine too";
        var (envFile, profile) = (CommandContext.EnvFileOption(), CommandContext.ProfileOption());
        var json = CommandContext.JsonOption();
        var fix = new Option<bool>("--fix") { Description = "Carry out the lines that are safe, after asking" };
        var yes = new Option<bool>("--yes") { Description = "With --fix: do not ask" };
        var command = new Command("doctor", "Says what is wrong with this machine, why it matters and what fixes it")
        {
            file, envFile, profile, json, fix, yes,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(fix) && result.GetValue(json))
                result.AddError("--fix talks to people: leave out --json");
            if (result.GetValue(yes) && !result.GetValue(fix)) result.AddError("--yes goes with --fix");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var files = parsed.GetValue(file);
            var spec = files is not { Length: > 0 } ? null : context.Finder.Read(
                context.Finder.RequestOf(files, parsed.GetValue(envFile), parsed.GetValue(profile)));
            var doctor = new DoctorCommand(context, spec, await AcmeAsync(context, spec, cancellation));
            return parsed.GetValue(fix) ? doctor.Fix(parsed.GetValue(yes)) : doctor.Look(parsed.GetValue(json));
        });
        return command;
    }

    /// <summary>What clusters here say of certificates that they order: the file's, or all that run.</summary>
    private static async Task<EquatableArray<AcmeFacts>> AcmeAsync(
        CommandContext context, ClusterSpec? spec, CancellationToken cancellation)
    {
        var (facts, asked) = (new List<AcmeFacts>(), spec?.Tls?.Acme?.Domains ?? []);
        foreach (var place in spec is null ? context.Finder.Running() : [context.Finder.Named(spec.Name)])
        {
            EquatableArray<AcmeView>? told = null;
            try
            {
                using var client = new ClusterClient(place);
                told = (await client.GetAsync<StatusView>("/v1/status", cancellation)).Acme;
            }
            catch (CommandFailure)
            {
                // It does not run here, and that is said of those that order some.
            }
            if (asked.Count + (told?.Count ?? 0) > 0)
                facts.Add(new AcmeFacts(place.Name!, asked, told, context.Around.Clock.GetUtcNow()));
        }
        return facts.ToEquatableArray();
    }

    private MachineFacts Read() => context.Entrances.ReadMachine(spec, _around) with { Acme = acme };

    private EquatableArray<Finding> Examine() => Doctor.Examine(Read(), _demand);

    private int Look(bool json)
    {
        var findings = Examine();
        if (json) context.PrintJson(findings.Select(FindingView.Of).ToArray());
        else Print(findings);
        return Doctor.Fails(findings) ? Exit.Failed : Exit.Done;
    }

    private void Print(EquatableArray<Finding> findings)
    {
        var width = findings.Max(f => f.Check.Length);
        foreach (var f in findings)
        {
            _around.Print($"{FindingView.WordFor(f.Gravity),-6} {f.Check.PadRight(width)}  {f.What}");
            var indent = new string(' ', 9 + width);
            if (f.Why.Length > 0) _around.Print($"{indent}why: {f.Why}");
            if (f.Remedy is { } remedy)
                _around.Print($"{indent}fix: {remedy.Line}{(remedy.NeedsRoot ? "   (as root)" : "")}");
        }
        var counts = new[] { Gravity.Error, Gravity.Warn, Gravity.Note }
            .Select(g => (Word: FindingView.WordFor(g), Count: findings.Count(f => f.Gravity == g)))
            .Where(g => g.Count > 0).Select(g => $"{g.Count} {g.Word}{(g.Count == 1 ? "" : "s")}").ToList();
        _around.Print(counts.Count == 0 ? "\nNothing is wrong." : $"\n{string.Join(", ", counts)}.");
        var safe = Safe(findings).Count;
        if (safe > 0) _around.Print($"`tangram doctor --fix` can carry out {safe} of the lines, after asking.");
    }

    /// <summary>Each once; findings agree on the value.</summary>
    private static List<Remedy> Safe(IEnumerable<Finding> findings) => findings.Select(f => f.Remedy).OfType<Remedy>()
        .Where(remedy => remedy.Setting is not null).DistinctBy(remedy => remedy.Setting!.Key).ToList();

    private int Fix(bool yes)
    {
        var facts = Read();
        var findings = Doctor.Examine(facts, _demand);
        var safe = Safe(findings);
        ForPeople(findings);
        if (safe.Count == 0)
        {
            _around.Print("There is nothing that can be set from here.");
            return Doctor.Fails(findings) ? Exit.Failed : Exit.Done;
        }
        _around.Print("These take effect at once and are gone after the next boot:");
        foreach (var remedy in safe) _around.Print($"  {remedy.Line}");
        if (!facts.Root)
            throw new CommandFailure(Exit.Failed, "nothing was changed: all of these need root. Run " +
                "`sudo tangram doctor --fix`, or the lines themselves");
        if (!yes && !Agreed())
        {
            _around.Print("Nothing was changed.");
            return Exit.Failed;
        }
        return Apply(safe);
    }

    private void ForPeople(EquatableArray<Finding> findings)
    {
        var others = findings.Where(f => f.Remedy is { Setting: null }).ToList();
        if (others.Count == 0) return;
        _around.Print("For you to judge and to do:");
        foreach (var f in others)
            _around.Print($"  {f.Check}: {f.What}\n    {f.Remedy!.Line}{(f.Remedy.NeedsRoot ? "   (as root)" : "")}");
    }

    private bool Agreed()
    {
        if (!_around.Asks)
            throw CommandFailure.Arguments("nothing was changed: nobody can be asked here. Add --yes to agree");
        _around.Out.Write("Carry them out? [y/N] ");
        _around.Out.Flush();
        return _around.In.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>Every line is tried, and each one's outcome is told.</summary>
    private int Apply(List<Remedy> safe)
    {
        var failed = 0;
        foreach (var setting in safe.Select(remedy => remedy.Setting!))
        {
            var (before, after, error) = context.Entrances.SetKernel(setting);
            if (error is null) _around.Print($"done    {setting.Key}: {before} -> {after}");
            else _around.Print($"failed  {setting.Key}: {error}; it is {after ?? "unknown"}");
            if (error is not null) failed++;
        }
        _around.Print($"{safe.Count - failed} of {safe.Count} set. To keep them, write them into {Kept}:");
        foreach (var setting in safe.Select(remedy => remedy.Setting!))
            _around.Print($"  {setting.Key} = {setting.Value}");
        var left = Examine();
        foreach (var f in left.Where(f => f.Gravity == Gravity.Error))
            _around.Print($"still wrong: {f.Check}: {f.What}");
        return failed > 0 || Doctor.Fails(left) ? Exit.Failed : Exit.Done;
    }
}
