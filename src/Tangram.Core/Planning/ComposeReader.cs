using Tangram.Model;
using Tangram.Planning.Composing;
using Tangram.Planning.Designing;

namespace Tangram.Planning;

/// <summary>What a file asks for. <see cref="Spec"/> is null when any problem is an error.</summary>
public sealed record ComposeDraft(
    ClusterSpec? Spec, EquatableArray<Problem> Problems, EquatableArray<FolderAsked> Folders)
{
    /// <summary>What is allowed and weak; none when any problem is an error.</summary>
    public EquatableArray<DesignFinding> Design { get; init; }

    /// <summary>Those that the file names, sorted.</summary>
    public EquatableArray<string> Profiles { get; init; }
    public EquatableArray<ScheduleAsked> Schedules { get; init; }
    public EquatableArray<DrillAsked> Drills { get; init; }

    /// <summary>Which the gateways read; those that are here too can be looked at.</summary>
    public EquatableArray<TlsFileAsked> TlsFiles { get; init; }

    /// <summary>What the services that run are given, to be read.</summary>
    public EquatableArray<ContentAsked> Contents { get; init; }

    /// <summary>Whose texts shall be answers.</summary>
    public EquatableArray<AnswerAsked> Answers { get; init; }
}

/// <summary>Turns a parsed Compose file into a <see cref="ClusterSpec"/>: honours a key or refuses it with its place
/// and remedy, notes every problem and not only the first, and says what is weak in the design.</summary>
public static class ComposeReader
{
    private const int MostZones = 100;
    private const int MostNodesPerZone = 1000;
    private const int MostMoves = 1000;

    /// <summary>A virtual node is named ZONE-NUMBER, and that has to be a name too.</summary>
    private const int LongestZone = Names.Longest - 5;

    /// <param name="root">The file's tree.</param>
    /// <param name="folder">The file's folder, absolute: relative paths start there, and it names the cluster when the
    /// file does not.</param>
    /// <param name="problems">Problems that were met while parsing; more are added.</param>
    /// <param name="profiles">Services that need another profile are read, and left out.</param>
    public static ComposeDraft Read(Tree root, string folder, ActiveProfiles profiles, ProblemList problems)
    {
        var top = Fields.Open(root, TopKeys.Top, root.Place, problems);
        if (top["version"] is { } version)
            problems.Warn(version.Place, "'version' changes nothing", "delete it; Compose itself no longer reads it");
        var declared = Declarations.Read(top, folder);
        var all = Services(top, folder, declared);
        var drafts = all.Where(draft => profiles.Runs(draft.Profiles)).ToList();
        var idle = all.Where(draft => !profiles.Runs(draft.Profiles)).ToDictionary(d => d.Name, d => d.Profiles[0]);
        if (drafts.Count == 0 && idle.Count > 0)
            problems.Error(top.PlaceOf("services"), "every service needs a profile, and none of these is active",
                $"write --profile {Quoted.Plain(idle.Values.First())}");
        var tangram = top.Open("x-tangram", TopKeys.Tangram);
        var gateway = tangram.Open("gateway", TopKeys.Gateway);
        var listen = GatewayReader.Listen(gateway);
        var routes = GatewayReader.Routes(gateway);
        var objectives = tangram.Open("objectives", TopKeys.Objectives);
        var spec = new ClusterSpec
        {
            Name = Name(top, folder),
            Services = drafts.Select(draft => draft.Spec).OrderBy(service => service.Name).ToEquatableArray(),
            Zones = Zones(tangram),
            NodesPerZone = tangram.Whole("nodes_per_zone", 1, 1, MostNodesPerZone),
            Rebalance = Rebalance(tangram),
            Objectives = Objectives(objectives),
            GatewayListen = listen.Select(listener => listener.Value.ToString()).ToEquatableArray(),
            GatewayRoutes = routes.Select(route => route.Value).ToEquatableArray(),
            GatewayLimits = LimitsReader.Read(gateway),
            TrustedProxies = ConditionReader.Networks(gateway, "trusted_proxies"),
        };
        var drills = DrillsReader.Read(tangram);
        var tls = TlsReader.Read(gateway, listen, spec.Services, folder, declared);
        var (recorded, metrics) = RecordsReader.Read(spec, gateway, folder);
        var tcp = TcpReader.Read(gateway, [.. spec.Services.Select(service => service.Name)]);
        spec = recorded with
        {
            Tls = tls.Spec, GatewayTcp = tcp.Specs, AcceptProxy = gateway.Flag("accept_proxy", false),
            Drills = drills.Select(asked => asked.Spec).ToEquatableArray(),
        };
        ServiceChecks.Check(drafts, problems);
        ServiceChecks.Count(drafts, spec, problems);
        RouteChecks.Check(drafts, routes, idle, problems);
        DegradeChecks.Check(drafts, idle, problems);
        PortChecks.Check(drafts, [.. listen, .. tcp.Listeners, .. metrics], spec.Zones.Count * spec.NodesPerZone,
            problems);
        DependencyChecks.Check(drafts, idle, problems);
        return new ComposeDraft(
            problems.HasErrors ? null : DependencyChecks.WithoutAbsent(spec), problems.InOrder(),
            drafts.SelectMany(draft => draft.Folders).ToEquatableArray())
        {
            Design = problems.HasErrors ? [] : DesignChecks.Of(drafts, spec, Places(tangram, objectives)),
            Profiles = all.SelectMany(draft => draft.Profiles).Distinct().Order(StringComparer.Ordinal)
                .ToEquatableArray(),
            TlsFiles = tls.Files.Concat(drafts.SelectMany(draft => draft.TlsFiles)).ToEquatableArray(),
            Answers = Answers(drafts),
            Drills = drills.ToEquatableArray(),
            Schedules = drafts.Select(draft => draft.Schedule).OfType<ScheduleAsked>().ToEquatableArray(),
            Contents = Given(drafts, declared, tls.Spec?.Secrets ?? []),
        };
    }

    private static DesignPlaces Places(Fields tangram, Fields objectives) => new(tangram.PlaceOf("zones"),
        objectives.PlaceOf("availability"), objectives.PlaceOf("recovery_time"),
        objectives.PlaceOf("recovery_point"));

    private static EquatableArray<ContentAsked> Given(
        List<ServiceDraft> drafts, Declarations declared, IEnumerable<GrantSpec> secrets) =>
        Given(drafts, declared, GrantKind.Config, []).Concat(Given(drafts, declared, GrantKind.Secret, secrets))
            .ToEquatableArray();

    private static EquatableArray<AnswerAsked> Answers(IEnumerable<ServiceDraft> drafts) =>
        (from draft in drafts
         where draft.Degrade?.File is not null
         let file = draft.Degrade!.File!.Value
         select new AnswerAsked(draft.Name, file.Value, file.Place)).ToEquatableArray();

    private static int? Rebalance(Fields tangram) =>
        tangram["rebalance"] is Tree.Scalar { Text: "off" } ? 0 : tangram.WholeOrNull("rebalance", 1, MostMoves);

    private static IEnumerable<ContentAsked> Given(
        List<ServiceDraft> drafts, Declarations declared, GrantKind kind, IEnumerable<GrantSpec> more) =>
        drafts.SelectMany(draft => draft.Spec.Grants(kind)).Concat(more).Select(grant => grant.Name).Distinct()
            .Select(name => declared.Contents(kind).GetValueOrDefault(name)).OfType<ContentAsked>();

    private static List<ServiceDraft> Services(Fields top, string folder, Declarations declared)
    {
        var drafts = new List<ServiceDraft>();
        if (top["services"] is Tree.Map { Entries.Count: > 0 } map)
            foreach (var entry in map.Entries)
            {
                if (ServiceReader.Read(entry, folder, declared, top.Problems) is { } draft) drafts.Add(draft);
            }
        else if (top.IsMap && top["services"] is not Tree.Refused)
            top.Problems.Error(top.PlaceOf("services"), "the file has no services",
                "write services: and below it a map from service name to service");
        return drafts;
    }

    /// <summary>Compose's own rule for a project's name; a folder's name is made to fit.</summary>
    private static string Name(Fields top, string folder)
    {
        if (top["name"] is null)
        {
            var letters = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)).ToLowerInvariant()
                .Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
                .SkipWhile(c => !char.IsAsciiLetterOrDigit(c));
            var name = string.Concat(letters.Take(Names.Longest));
            return name.Length > 0 ? name : "app";
        }
        if (top.Filled("name") is not { } text) return "app";
        if (Names.IsValid(text) && !text.Any(c => char.IsAsciiLetterUpper(c) || c == '.')) return text;
        top.Problems.Error(top.PlaceOf("name"), $"{Quoted.Of(text)} is not a cluster's name",
            $"write 1 to {Names.Longest} lower-case letters, digits, '-' or '_', starting with a letter or digit");
        return "app";
    }

    private static EquatableArray<ZoneName> Zones(Fields tangram)
    {
        if (tangram["zones"] is not { } tree) return [ZoneName.Of("a")];
        var zones = new List<ZoneName>();
        var items = tangram.Items("zones");
        foreach (var item in items)
        {
            if (Scalars.Filled(item, "zones", tangram.Problems) is not { } text) continue;
            if (!Names.IsValid(text) || text.Length > LongestZone)
                tangram.Problems.Error(item.Place, $"{Quoted.Of(text)} is not a zone's name",
                    $"write 1 to {LongestZone} letters, digits, '-', '_' or '.', starting with a letter or digit");
            else if (zones.Contains(ZoneName.Of(text)))
                tangram.Problems.Error(item.Place, $"the zone {Quoted.Of(text)} is given twice", "keep one of them");
            else if (zones.Count < MostZones)
                zones.Add(ZoneName.Of(text));
        }
        if (tree is Tree.List && items.Count is 0 or > MostZones)
            tangram.Problems.Error(tree.Place, $"'zones' has {items.Count} zones", $"name 1 to {MostZones} zones");
        return zones.ToEquatableArray();
    }

    private static ObjectivesSpec Objectives(Fields fields) => new()
    {
        Availability = fields.Parsed<double>("availability",
            text => Quantities.Share(text) is > 0 and < 1 and var share ? share : null,
            "a share above 0 and below 100%, such as 99.99%"),
        LatencyP99 = fields.DurationOrNull("latency_p99", positive: true),
        RecoveryTime = fields.DurationOrNull("recovery_time", positive: true),
        RecoveryPoint = fields.DurationOrNull("recovery_point", positive: false),
    };
}
