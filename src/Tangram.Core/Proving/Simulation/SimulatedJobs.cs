using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Simulation;

/// <summary>The jobs of the simulated application, and the wall clocks of the servers, which differ and now and then
/// jump.</summary>
/// <param name="rng">Chance for the jobs alone, so that they shift nothing else.</param>
internal sealed class SimulatedJobs(Agenda agenda, Rng rng, SimulatedStore store)
{
    public const string Works = "works", Flaky = "flaky", Fails = "fails";
    private static readonly string[] Ways = [Works, Works, Works, Flaky, Flaky, Fails];

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, TimeSpan> _skews = new(StringComparer.Ordinal);
    private readonly Dictionary<ReplicaName, (int Start, int Code)> _exits = [];
    private (string Way, int Version) _task = (Works, 0), _each = (Works, 0);
    private int _timed;
    private bool _healed;

    public static bool IsBroken(ServiceSpec job) => job.Command[0] == Fails;

    /// <summary>A job that counts completions, one that runs on every node, and one with a schedule. Now and then a
    /// revision changes one.</summary>
    public ServiceSpec[] Specs()
    {
        if (rng.Chance(0.3)) _task = (Ways[rng.Next(Ways.Length)], _task.Version + 1);
        else if (_task.Way == Fails) _task = (Works, _task.Version + 1);
        if (rng.Chance(0.2)) _each = (rng.Chance(0.5) ? Works : Flaky, _each.Version + 1);
        if (rng.Chance(0.2)) _timed = rng.Next(3);
        return
        [
            Job("each", _each, new DeploySpec { Mode = DeployMode.Global }),
            Job("task", _task, new DeploySpec { Replicas = 3 }),
            Job("timed", (Works, 0), new DeploySpec()) with
            {
                Schedule = new ScheduleSpec { Cron = "every 5 s", Overlap = (Overlap)_timed, History = 5 },
            },
        ];
    }

    private static ServiceSpec Job(string name, (string Way, int Version) what, DeploySpec deploy) => new()
    {
        Name = ServiceName.Of(name), Command = [what.Way, $"{what.Version}"],
        Deploy = deploy with
        {
            Job = true, Restart = new RestartSpec { Condition = RestartCondition.OnFailure, MaxAttempts = 3 },
        },
    };

    /// <summary>How a start of a job's process will end.</summary>
    public (TimeSpan After, int Code) EndOf(ServiceSpec job, int start) => (
        rng.Between(TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(job.Schedule is null ? 3 : 8)),
        job.Command[0] switch { Works => 0, Flaky => start % 2 == 1 ? 3 : 0, _ => 4 });

    /// <summary>Its shell has written down how it ended.</summary>
    public void Ended(SimulatedProcess process, int code) => _exits[process.Replica] = (process.Start, code);

    /// <summary>What a restarted agent reads of a process that is gone.</summary>
    public int? ExitOf(ReplicaName replica, int start) =>
        _exits.TryGetValue(replica, out var exit) && exit.Start == start ? exit.Code : null;

    public bool Completed(ReplicaName replica) => _exits.TryGetValue(replica, out var exit) && exit.Code == 0;

    /// <summary>A server reads its clock and, of a state that may be a moment old, what is due.</summary>
    public ClockRead Read(string server)
    {
        var (now, state) = (Wall(server), store.Recent(rng.Next(4)));
        var due = new List<Due>();
        foreach (var service in state.EffectiveSpec?.Services ?? [])
        {
            if (service.Schedule is not { } schedule) continue;
            var job = Jobs.Of(state, service.Name);
            var newest = new DateTimeOffset(now.Ticks - now.Ticks % Interval.Ticks, TimeSpan.Zero);
            if (job.Times == schedule.Times && job.Handled is { } handled && newest > handled)
                due.Add(new Due(service.Name, schedule.Times, newest, (int)Math.Min(Due.Most,
                    newest.Ticks / Interval.Ticks - handled.Ticks / Interval.Ticks)));
        }
        return new ClockRead(now, [.. due]);
    }

    public DateTimeOffset Wall(string server) => Epoch + TimeSpan.FromTicks(agenda.Now.Ticks) +
        (_healed ? TimeSpan.Zero : _skews.GetValueOrDefault(server));

    /// <summary>Forwards or back.</summary>
    public TimeSpan Jump(string server) =>
        _skews[server] = rng.Between(TimeSpan.FromSeconds(-20), TimeSpan.FromSeconds(20));

    public bool Chance(double probability) => rng.Chance(probability);

    public void Heal() => _healed = true;
}
