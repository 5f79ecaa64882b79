using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>How a scenario is run, beside what it says itself.</summary>
internal sealed record ScenarioOptions
{
    /// <summary>At most so many iterations under way: the memory of the generator has to end somewhere.</summary>
    public const int MostUnderWay = 100_000;

    public required Scenario Scenario { get; init; }
    public IReadOnlyList<(DataSpec Spec, DataTable Table)> Files { get; init; } = [];

    /// <summary>What <c>${__P(name)}</c> gives.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Null: one for each user.</summary>
    public int? Connections { get; init; }
    public string? CaFile { get; init; }
    public bool Http2 { get; init; }
    public ulong Seed { get; init; } = 1;

    /// <summary>Null: none when there are no thresholds, any number otherwise.</summary>
    public long? MaxFailed { get; init; }
    public EquatableArray<string> Notes { get; init; }
}

/// <summary>Lets users do a scenario and says what came of it.</summary>
internal static class ScenarioRun
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(1);

    /// <summary>The names of its steps, as a log of latencies needs them.</summary>
    public static IEnumerable<string> Steps(Scenario scenario) => scenario.Requests.Select(r => r.Name).Distinct();

    /// <summary>Runs until the last user has left. Cancelling gives the results so far; it does not throw. The clock
    /// has to run at the speed of the world: what is measured is real.</summary>
    public static async Task<LoadResult> RunAsync(ScenarioOptions options, IProgress<LoadProgress>? progress,
        TimeProvider time, CancellationToken cancellation, LatencyLog? log = null)
    {
        var scenario = options.Scenario;
        await LoadWarmUp.RunAsync(time, cancellation);
        var load = AsLoad(options);
        using var client = new ScenarioClient(scenario, load, time);
        var record = new ScenarioRecord(scenario, load, 0, options.MaxFailed, log);
        var (startedAt, start) = (time.GetUtcNow(), time.GetTimestamp());
        var desk = new ScenarioDesk(scenario, client, record, new ScenarioRows(options.Files), new ScenarioPaces(),
            time, start, cancellation);
        using var over = new CancellationTokenSource();
        var reports = ReportAsync(desk, progress, over.Token);
        var table = Table(options, time.GetUtcNow());
        var seeds = new Rng(options.Seed);
        var groups = scenario.Groups.Select((_, i) => GroupAsync(desk, i, table, seeds.Split())).ToList();
        await Task.WhenAll(groups);
        await over.CancelAsync();
        await reports;
        var run = Guid.NewGuid().ToString("N")[..12];
        return record.Result(run, startedAt, cancellation.IsCancellationRequested, options.Notes);
    }

    private static Task GroupAsync(ScenarioDesk desk, int number, ScenarioTable table, Rng rng)
    {
        var group = desk.Scenario.Groups[number];
        return group.Profile switch
        {
            LoadProfile.Closed closed => ClosedAsync(closed, Worker),
            LoadProfile.Open open => OpenAsync(desk, open, Worker),
            _ => throw new InvalidOperationException($"{group.Profile}"),
        };

        // Called by one thread at a time.
        ScenarioWorker Worker(long before) => new(desk, number, group,
            new ScenarioUser((int)Math.Min(before + 1, int.MaxValue), rng.Split(), table));
    }

    private static async Task ClosedAsync(LoadProfile.Closed closed, Func<long, ScenarioWorker> worker)
    {
        var (curve, users) = (closed.Curve, new List<Task>());
        for (var i = 0; i < (int)Math.Ceiling(curve.Highest); i++)
            users.Add(worker(i).LoopAsync(curve.Above(i), closed.Iterations));
        await Task.WhenAll(users);
    }

    /// <summary>Begins every iteration at its time, on a thread of its own that nothing else can hold up.</summary>
    private static async Task OpenAsync(
        ScenarioDesk desk, LoadProfile.Open open, Func<long, ScenarioWorker> worker)
    {
        var arrivals = new Arrivals(open);
        using var slots = new SemaphoreSlim(ScenarioOptions.MostUnderWay);
        var pace = new LoadPace(desk.Time, desk.Cancellation);
        var ahead = pace.Now - desk.Now;
        await Task.Factory.StartNew(Offer, CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        // Every slot is back when every iteration has ended.
        for (var i = 0; i < ScenarioOptions.MostUnderWay; i++) await slots.WaitAsync(CancellationToken.None);

        void Offer()
        {
            for (var i = 0L; i < arrivals.Count; i++)
            {
                var due = arrivals.At(i);
                if (!pace.WaitUntil(due + ahead)) return;
                var one = worker(i);
                if (slots.Wait(TimeSpan.Zero, CancellationToken.None))
                    _ = Task.Run(() => OneAsync(one, due), CancellationToken.None);
                else desk.Record.Iterated(IterationEnd.Dropped, TimeSpan.Zero);
            }
        }

        // Owned by its slot, for which the run waits.
        async Task OneAsync(ScenarioWorker one, TimeSpan due)
        {
            try { await one.OnceAsync(due); }
            finally { slots.Release(); }
        }
    }

    /// <summary>One kind of request for each name, so that steps are counted as any load's kinds.</summary>
    private static LoadOptions AsLoad(ScenarioOptions options)
    {
        var requests = options.Scenario.Requests.DistinctBy(request => request.Name).ToList();
        var nowhere = new Uri("http://scenario.invalid/");
        var most = options.Scenario.Groups.Sum(group => group.Profile is LoadProfile.Closed
            ? group.Profile.Curve.Highest
            : 1000);
        return new LoadOptions
        {
            Url = Uri.TryCreate(requests[0].Url.Text, UriKind.Absolute, out var url) ? url : nowhere,
            Rate = 1, Duration = options.Scenario.Groups.Max(group => group.Profile.Lasts),
            Mix = requests.Select(r => new LoadClass(r.Name, r.Method, nowhere, null, 1)).ToEquatableArray(),
            Connections = options.Connections ?? Math.Max(1, (int)Math.Ceiling(most)),
            Timeout = options.Scenario.Timeout, CaFile = options.CaFile, Http2 = options.Http2,
            MaxFailed = options.MaxFailed ?? 0,
        };
    }

    private static ScenarioTable Table(ScenarioOptions options, DateTimeOffset now)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        var table = new ScenarioTable(known, options.Properties);
        var nobody = new ScenarioUser(0, new Rng(options.Seed ^ 0x5CE0A210), table);
        foreach (var one in options.Scenario.Variables) known[one.Name] = one.Value.Expand(nobody, now);
        return table;
    }

    private static async Task ReportAsync(ScenarioDesk desk, IProgress<LoadProgress>? progress, CancellationToken over)
    {
        if (progress is null) return;
        using var timer = new PeriodicTimer(ProgressEvery, desk.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(over)) progress.Report(desk.Record.Progress(desk.Now));
        }
        catch (OperationCanceledException) { }
    }
}
