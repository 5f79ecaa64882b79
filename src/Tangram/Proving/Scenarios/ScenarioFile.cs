using Tangram.Cli;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Scenarios.Jmx;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads a scenario from a file of any kind, with the data files that it names.</summary>
internal static class ScenarioFile
{
    /// <summary>Recordings hold whole pages.</summary>
    public const int MostBytes = 100 << 20;

    /// <summary>Throws <see cref="CommandFailure"/> with every problem and its place.</summary>
    /// <param name="warn">Told of what the author may want to know.</param>
    public static ScenarioOptions Load(ScenarioRequest request, Action<string> warn)
    {
        if (request.MaxFailed < 0)
            throw CommandFailure.Arguments("the number of requests that may fail is not negative: --max-failed");
        var problems = new ProblemList();
        var (profile, notes) = (Profile(request), new List<string>());
        var text = Read(request.File, MostBytes, new Place(request.File, 0, 0), problems);
        var scenario = text is null ? null : Of(text, request, profile, notes, problems);
        var files = scenario is null ? [] : Files(scenario, request.File, problems);
        if (scenario is { Texts.Count: > 0 }) VariableChecks.Check(scenario, files, problems);
        if (scenario?.Requests.Select(r => r.Name).Distinct().Count() > Scenario.MostNames)
            problems.Error(new Place(request.File, 0, 0),
                $"there are more than {Scenario.MostNames} kinds of requests",
                "give requests of one kind the same name, so that they are counted together");
        Tell(problems, request.File, warn);
        if (request.IgnoreUnsupported)
            notes.AddRange(problems.InOrder().Select(problem => $"{problem.Place}: {problem.What}"));
        return new ScenarioOptions
        {
            Scenario = request.Timeout is { } timeout ? scenario! with { Timeout = timeout } : scenario!,
            Files = files, Connections = request.Connections, CaFile = request.CaFile, Http2 = request.Http2,
            MaxFailed = request.MaxFailed,
            Properties = Properties(request), Notes = notes.ToEquatableArray(),
        };
    }

    private static Scenario? Of(
        string text, ScenarioRequest request, LoadProfile? profile, List<string> notes, ProblemList problems)
    {
        var target = request.Target?.OriginalString;
        if (Is(request, ".jmx"))
            return JmxReader.Read(text, request.File, problems, new JmxOptions
            {
                IgnoresUnsupported = request.IgnoreUnsupported, Properties = Properties(request), Target = target,
                Profile = profile,
            }, notes);
        if (request.IgnoreUnsupported || request.Properties.Count > 0)
            throw CommandFailure.Arguments(
                $"-J and --ignore-unsupported are for JMeter's test plans, and {request.File} " +
                "does not end in .jmx");
        if (Is(request, ".har"))
            return HarReader.Read(text, request.File, problems, target, profile, request.Static, notes);
        if (request.Static)
            throw CommandFailure.Arguments($"--static is for recordings, and {request.File} does not end in .har");
        return YamlTree.Parse(text, request.File, problems, "write target:, profile: and steps:") is { } tree
            ? ScenarioReader.Read(tree, request.File, problems, target, profile) : null;
    }

    private static bool Is(ScenarioRequest request, string ending) =>
        request.File.EndsWith(ending, StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string> Properties(ScenarioRequest request)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var typed in request.Properties)
            properties[typed.Split('=', 2)[0]] = typed.Split('=', 2) is [{ Length: > 0 }, var value] ? value
                : throw CommandFailure.Arguments($"'{typed}' after -J is no property. Write NAME=VALUE");
        return properties;
    }

    private static void Tell(ProblemList problems, string file, Action<string> warn)
    {
        var all = problems.InOrder();
        foreach (var warning in all.Where(p => p.Severity == Severity.Warning)) warn($"warning: {warning}");
        var errors = all.Where(p => p.Severity == Severity.Error).ToList();
        if (errors.Count > 0)
            throw CommandFailure.Arguments(string.Join('\n', errors) +
                $"\n{errors.Count} problem{(errors.Count == 1 ? "" : "s")} in {file}; nothing was sent");
    }

    public static string Beside(string file, DataSpec spec) =>
        Path.GetFullPath(spec.File, Path.GetDirectoryName(Path.GetFullPath(file))!);

    private static List<(DataSpec, DataTable)> Files(Scenario scenario, string file, ProblemList problems)
    {
        var tables = new List<(DataSpec, DataTable)>();
        foreach (var spec in scenario.Files)
        {
            var path = Beside(file, spec);
            var text = Read(path, DataTable.MostBytes, spec.Place, problems);
            if (text is null) continue;
            if (DataTable.Read(spec, text, out var line, out var what) is { } table) tables.Add((spec, table));
            else problems.Error(new Place(spec.File, line, 1), what, "mend the data file");
        }
        return tables;
    }

    /// <summary>Null after the problem was noted.</summary>
    private static string? Read(string path, int most, Place asked, ProblemList problems)
    {
        var answer = new InputFile(InputFile.Patience).Read(path, most);
        if (answer.Bytes is not null) return ComposeFile.Text(answer.Bytes, path, problems);
        var named = asked.Line == 0 ? "" : $"{Quoted.Plain(path)}: ";
        problems.Error(asked, named + answer.Fault switch
        {
            InputFault.Missing => "there is no such file",
            InputFault.Folder => "this is a folder",
            InputFault.TooLarge => $"the file has more than {most >> 20} MB",
            InputFault.Silent => "this is a pipe or a device, and its end did not come in time",
            _ => $"the file cannot be read: {answer.Why}",
        }, asked.Line == 0 ? "name a scenario, a test plan, a recording or an access log, or begin a URL with http://"
            : "name a file beside the scenario");
        return null;
    }

    /// <summary>As typed; null: as the file says.</summary>
    private static LoadProfile? Profile(ScenarioRequest request)
    {
        var lasts = request.Duration ?? TimeSpan.FromSeconds(10);
        LoadProfile? profile = request switch
        {
            { Users: { } users } => new LoadProfile.Closed { Stages = [new(users, users, lasts)] },
            { Stages: { } stages } => new LoadProfile.Open(request.Seed)
            {
                Stages = (StageText.ReadAll(stages) ?? throw CommandFailure.Arguments(
                    $"'{stages}' is no profile. Write {StageText.Wanted}, and commas between several"))
                    .ToEquatableArray(),
            },
            { Rate: { } rate } => new LoadProfile.Open(request.Seed) { Stages = [new(rate, rate, lasts)] },
            { Duration: not null } or { Seed: not null } => throw CommandFailure.Arguments(
                "--duration and --poisson go with --rate or --users; the file has its own profile otherwise"),
            _ => null,
        };
        return profile?.Problems().FirstOrDefault() is { } problem ? throw CommandFailure.Arguments(problem) : profile;
    }
}
