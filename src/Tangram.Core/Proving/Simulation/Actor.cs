using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>One simulated process around a machine: it can be killed, paused and started again. A pause holds its
/// events back and lets them all come at once after it.</summary>
internal sealed class Actor(string name, NodeName? node, Agenda agenda, SimulatedStore store, SimulatorOptions options,
    Action<Actor, Effect> perform)
{
    private readonly List<Event> _held = [];
    private IMachine? _machine;
    private int _life;
    private Instant _stateAt;
    private ClusterState? _newestState;
    private long _newest;

    public string Name => name;

    /// <summary>Of an agent.</summary>
    public NodeName? Node => node;

    public bool Up => _machine is not null;
    public bool Paused { get; private set; }
    public IMachine? Machine => _machine;

    /// <summary>The number of its present life; an effect of an earlier one finds nobody.</summary>
    public int Life => _life;

    public void Start(IMachine machine)
    {
        (_machine, _life, _newest, Paused) = (machine, _life + 1, -1, false);
        _newestState = null;
        _held.Clear();
        var life = _life;
        agenda.After(store.Delay(), () => Give(life, new Event.StateChanged(store.State)));
        agenda.After(Event.Tick.Every, () => Tick(life));
    }

    public void Kill() => (_machine, _life) = (null, _life + 1);

    public void Pause() => Paused = true;

    public void Resume()
    {
        Paused = false;
        var held = _held.ToArray();
        _held.Clear();
        foreach (var @event in held) Give(_life, @event);
    }

    /// <summary>The watch: in order, each state a little later. A sparing pump passes over all but the
    /// newest.</summary>
    public void Watch(ClusterState state)
    {
        if (_machine is null) return;
        var life = _life;
        if (options.Sparing)
        {
            var waits = _newestState is not null;
            _newestState = state;
            if (!waits) agenda.After(store.Delay(), () => GiveNewest(life));
            return;
        }
        var at = agenda.Now + store.Delay();
        _stateAt = at > _stateAt ? at : _stateAt;
        agenda.After(_stateAt - agenda.Now, () => Give(life, new Event.StateChanged(state)));
    }

    public void Give(int life, Event @event)
    {
        if (life != _life || _machine is null) return;
        if (Paused)
        {
            if (_held.Count < 10_000) _held.Add(@event);
            return;
        }
        if (@event is Event.StateChanged seen)
        {
            if (seen.State.Revision <= _newest) return;
            _newest = seen.State.Revision;
        }
        if (options.OnEvent is { } onEvent)
        {
            if (onEvent(name, @event) is not { } changed) return;
            @event = changed;
        }
        var effects = new List<Effect>();
        if (options.Around is { } around) around(name, @event, () => _machine.On(@event, agenda.Now, effects));
        else _machine.On(@event, agenda.Now, effects);
        foreach (var effect in effects)
        {
            var next = options.OnEffect is { } onEffect ? onEffect(name, effect) : effect;
            if (next is not null) perform(this, next);
        }
    }

    private void GiveNewest(int life)
    {
        if (life != _life || _newestState is not { } state) return;
        _newestState = null;
        Give(life, new Event.StateChanged(state));
    }

    private void Tick(int life)
    {
        if (life != _life) return;
        if (!Paused) Give(life, new Event.Tick());
        agenda.After(Event.Tick.Every, () => Tick(life));
    }
}
