using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Tests.Deploying;

/// <summary>One replica on its node, with a process that the test speaks for.</summary>
internal sealed class Supervised(ServiceSpec? spec = null)
{
    public static readonly ReplicaName Name = ReplicaName.Of("order-1");
    public static readonly ServiceName Order = ServiceName.Of("order");

    /// <summary>It is asked whether it is ready.</summary>
    public static readonly ServiceSpec Probed = new() { Name = Order, Expose = [80], StopGracePeriod = Seconds(10) };

    public static readonly ServiceSpec Unprobed = new() { Name = Order };

    private readonly ReplicaMachine _machine = new(Name, new Tenure(TimeSpan.FromSeconds(3), default));

    public List<Effect> Effects { get; } = [];
    public Instant Now { get; private set; } = new(TimeSpan.TicksPerHour);
    public SeenReplica Seen => _machine.Seen;
    public bool AtRest => _machine.AtRest;

    public IEnumerable<ReplicaEffect.Launch> Launches => Effects.OfType<ReplicaEffect.Launch>();
    public IEnumerable<ReplicaEffect.Check> Checks => Effects.OfType<ReplicaEffect.Check>();
    public int Kills => Effects.OfType<ReplicaEffect.Kill>().Count();
    public string[] Signals => [.. Effects.OfType<ReplicaEffect.Signal>().Select(s => s.Name)];

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public static ServiceSpec Restart(RestartSpec restart, ServiceSpec? spec = null) =>
        (spec ?? Probed) with { Deploy = new DeploySpec { Restart = restart } };

    public Supervised Assigned(Intent intent = Intent.Run)
    {
        _machine.Assign(new Assignment { Replica = Name, Service = Order, Revision = 1, Intent = intent },
            spec ?? Probed);
        return Turn();
    }

    public Supervised Unassigned()
    {
        _machine.Unassign();
        return Turn();
    }

    public Supervised Adopted(int start = 4, int pid = 77, int port = 5004)
    {
        _machine.Adopt(new Survivor(Name, Order, 1, start, pid, port), Now);
        return this;
    }

    public Supervised Remembered(int start, int port, int? exit = null)
    {
        _machine.Remember(new Survivor(Name, Order, 1, start, 0, port, Exit: exit));
        return this;
    }

    /// <summary>Its process runs since now.</summary>
    public Supervised Launched(int port = 5001) =>
        On(new ReplicaEvent.Launched(Name, Seen.Starts, 100 + Seen.Starts, port, null));

    public Supervised Refused(string why) => On(new ReplicaEvent.Launched(Name, Seen.Starts, 0, 0, why));

    public Supervised Checked(bool ok, string because = "", int? start = null) =>
        On(new ReplicaEvent.Checked(Name, start ?? Seen.Starts, ok, because));

    public Supervised Exited(int? code, int? start = null, string because = "") =>
        On(new ReplicaEvent.Exited(Name, start ?? Seen.Starts, code, because));

    /// <summary>Assigned, launched, and ready.</summary>
    public Supervised Ready() => Assigned().Launched().Checked(true);

    public Supervised Wait(double seconds)
    {
        for (var end = Now + Seconds(seconds); Now < end;)
        {
            Now += Event.Tick.Every;
            Turn();
        }
        return this;
    }

    /// <summary>How long until it is started again, in seconds, to a tick.</summary>
    public double UntilStarted()
    {
        var (from, starts) = (Now, Seen.Starts);
        while (Seen.Starts == starts)
        {
            Assert.True(Now - from < TimeSpan.FromMinutes(5), "it is not started again");
            Now += Event.Tick.Every;
            Turn();
        }
        return Math.Round((Now - from).TotalSeconds, 1);
    }

    public Supervised Turn()
    {
        _machine.Turn(Now, Effects);
        return this;
    }

    private Supervised On(ReplicaEvent @event)
    {
        _machine.On(@event, Now, Effects);
        return this;
    }
}
