using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads one service.</summary>
internal static class ServiceReader
{
    /// <summary>A replica is named SERVICE-SERIAL, and that has to be a name too.</summary>
    public const int LongestName = Names.Longest - 13;

    private const string Shell = "quote it, or write [sh, -c, '…'] to have a shell run it";

    /// <summary>Null when its name is none; its problems are noted all the same.</summary>
    public static ServiceDraft? Read(Tree.Entry entry, string folder, Declarations declared, ProblemList problems)
    {
        var fields = Fields.Open(entry.Value, ServiceKeys.Service, entry.Key.Place, problems);
        var folders = new Folders(folder);
        var tangram = fields.Open("x-tangram", ServiceKeys.Tangram);
        var deploy = fields.Open("deploy", DeployKeys.Deploy);
        var singleton = tangram.Flag("singleton", false);
        var asked = TangramReader.Alone(singleton, deploy,
            ServiceShorthands.Apply(fields, deploy, DeployReader.Read(deploy)));
        var ports = PortReader.Read(fields.Items("ports"), problems);
        var dependencies = DependencyReader.Read(fields["depends_on"], problems);
        var routes = RouteReader.Read(tangram["route"], RouteKeys.Route, problems);
        var (policy, traffic) = TrafficReader.Read(tangram);
        var degrade = DegradeReader.Read(tangram, policy, folders);
        var name = Name(entry.Key, problems);
        var backend = BackendReader.Read(tangram, entry.Key.Text, folder);
        var (entrypoint, command) = (Words(fields, "entrypoint"), Words(fields, "command"));
        var spec = new ServiceSpec
        {
            Name = name ?? default,
            Entrypoint = entrypoint ?? [], Command = command ?? [], Singleton = singleton,
            Environment = Variables.Read(fields["environment"], "environment", problems,
                (name, place) => CheckVariable(name, place, problems)),
            WorkingDirectory = folders.Read(fields, "working_dir"),
            Files = folders.Read(tangram, "files"),
            Expose = PortReader.Exposed(fields.Items("expose"), problems),
            Ports = ports.Select(port => port.Value).ToEquatableArray(),
            Healthcheck = HealthcheckReader.Read(fields), Schedule = ScheduleReader.Read(tangram),
            DependsOn = dependencies.Select(dependency => dependency.Value).ToEquatableArray(),
            StopGracePeriod = fields.Duration("stop_grace_period", TimeSpan.FromSeconds(10)),
            StopSignal = fields.Filled("stop_signal") is { } signal
                ? Signal(signal, fields.PlaceOf("stop_signal"), problems)
                : "SIGTERM",
            Deploy = asked with
            {
                Placement = asked.Placement with { Strategy = TangramReader.Placement(tangram, asked) },
            },
            Probe = BackendReader.Probe(TangramReader.Probe(tangram), backend.Tls, tangram), BackendTls = backend.Tls,
            Routes = routes.Select(route => route.Value).ToEquatableArray(),
            Balance = policy, Traffic = traffic with { Degrade = degrade?.Spec },
        };
        spec = ForecastReader.Into(Given(spec, fields, folders, declared), tangram);
        CheckProgram(fields, entrypoint, command, entry);
        ProgramLimits.Check(spec, fields, problems);
        if (fields["extends"] is { } left)
            problems.Error(left.Place, "'extends' has no effect below a tag of merging", "delete the tag above it");
        ScheduleReader.Check(spec, fields, tangram, deploy);
        if (spec is { WorkingDirectory: not null, Files: not null })
            problems.Error(fields.PlaceOf("working_dir"), "'working_dir' and x-tangram.files exclude each other",
                "leave out working_dir: the replica runs in the revision's copy of files");
        return name is null ? null : new ServiceDraft
        {
            Spec = spec, AsksProbe = tangram["probe"] is not null, AsksFiles = tangram["files"] is not null,
            Place = entry.Key.Place, Ports = ports,
            Schedule = Asked(spec, tangram), Dependencies = dependencies, Routes = routes,
            TlsFiles = backend.Files, Profiles = Profiles(fields), Folders = folders.Asked, Degrade = degrade,
            TangramPlace = tangram.Place, ReplicasPlace = deploy.PlaceOf("replicas"),
            MaxPerNodePlace = deploy.PlaceOf("placement"),
        };
    }

    private static ScheduleAsked? Asked(ServiceSpec spec, Fields tangram)
    {
        if (spec.Schedule is not { } schedule || tangram["schedule"] is not Tree.Map map) return null;
        Place PlaceOf(string key) =>
            map.Entries.FirstOrDefault(e => e.Key.Text == key)?.Value.Place ?? map.Place;
        return new ScheduleAsked(spec.Name, schedule, PlaceOf("cron"), PlaceOf("time_zone"));
    }

    private static ServiceSpec Given(ServiceSpec spec, Fields fields, Folders folders, Declarations declared)
    {
        NetworkReader.Read(fields, declared);
        var given = spec with
        {
            Configs = GrantReader.Read(fields, GrantKind.Config, declared),
            Secrets = GrantReader.Read(fields, GrantKind.Secret, declared),
            Volumes = VolumeReader.Read(fields, folders, declared),
            Ulimits = UlimitReader.Read(fields),
            OomScoreAdj = UlimitReader.OomScore(fields),
        };
        MountedPaths.Warn(given, fields);
        return given;
    }

    private static List<string> Profiles(Fields fields) =>
        fields.Items("profiles").Select(item => Scalars.Filled(item, "profiles", fields.Problems)).OfType<string>()
            .ToList();

    private static ServiceName? Name(Tree.Scalar key, ProblemList problems)
    {
        if (Names.IsValid(key.Text) && key.Text.Length <= LongestName) return ServiceName.Of(key.Text);
        problems.Error(key.Place, $"{Quoted.Of(key.Text)} is not a service name",
            $"write 1 to {LongestName} letters, digits, '-', '_' or '.', starting with a letter or digit");
        return null;
    }

    /// <summary>Null after a problem was noted.</summary>
    private static EquatableArray<string>? Words(Fields fields, string key)
    {
        if (fields[key] is not { } tree) return [];
        if (tree is Tree.List list)
        {
            var items = list.Items.Select(item => Scalars.Text(item, key, fields.Problems)).OfType<string>().ToList();
            return items.Count == list.Items.Count ? items.ToEquatableArray() : null;
        }
        if (Scalars.Filled(tree, key, fields.Problems) is not { } text) return null;
        var (words, wrong) = ShellWords.Split(text);
        if (words is not null) return words.ToEquatableArray();
        fields.Problems.Error(tree.Place, $"'{key}' {wrong}", Shell);
        return null;
    }

    private static void CheckProgram(
        Fields fields, EquatableArray<string>? entrypoint, EquatableArray<string>? command, Tree.Entry entry)
    {
        if (entrypoint is null || command is null || entry.Value is not Tree.Map map) return;
        if (entrypoint.Value.Concat(command.Value).FirstOrDefault() is { } program)
        {
            if (!string.IsNullOrWhiteSpace(program)) return;
            var place = fields.PlaceOf(entrypoint.Value.Count > 0 ? "entrypoint" : "command");
            fields.Problems.Error(place, "the program to run has an empty name", "begin with the program");
        }
        else if (!map.Entries.Any(other => other.Key.Text is "image" or "build"))
        {
            fields.Problems.Error(entry.Key.Place, $"service {Quoted.Of(entry.Key.Text)} has nothing to run",
                "give it a command");
        }
    }

    private static void CheckVariable(string name, Place place, ProblemList problems)
    {
        if (name.Length == 0 || name.Contains('=', StringComparison.Ordinal))
            problems.Error(place, $"{Quoted.Of(name)} is not the name of a variable", "write a name without '='");
        else if (name is "PORT" or "ASPNETCORE_HTTP_PORTS" || name.StartsWith("TANGRAM_", StringComparison.Ordinal))
            problems.Error(place, $"the variable {Quoted.Of(name)} is Tangram's to set",
                "delete it: every replica is given a PORT of its own, and listens on it");
    }

    private static string Signal(string text, Place place, ProblemList problems)
    {
        var bare = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        bare = bare.ToUpperInvariant();
        string[] known =
        [
            "HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "CONT", "TSTP",
            "WINCH", "IO", "PWR", "URG", "VTALRM", "PROF", "XCPU", "XFSZ", "TRAP", "ILL", "BUS", "FPE", "SYS",
        ];
        if (known.Contains(bare, StringComparer.Ordinal)) return "SIG" + bare;
        var offset = bare.StartsWith("RTMIN+", StringComparison.Ordinal) ? bare.AsSpan(6) : "none";
        if (offset.Length <= 2 && int.TryParse(offset, out var number) && number is >= 0 and <= 30) return "SIG" + bare;
        problems.Error(place, $"'stop_signal' is {Quoted.Of(text)}, which is not a signal's name",
            "write a name such as SIGTERM, SIGINT, SIGQUIT or SIGRTMIN+3");
        return "SIGTERM";
    }
}
