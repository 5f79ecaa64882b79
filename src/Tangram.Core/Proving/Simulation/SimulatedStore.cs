using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>The store as every process meets it: slow, sometimes refusing, sometimes losing the answer to what it did.
/// Watches deliver in order, each at its own pace.</summary>
internal sealed class SimulatedStore(Agenda agenda, Rng rng, SimulatorOptions options)
{
    private readonly StoreEngine _engine = new();
    private readonly List<ClusterState> _states = [ClusterState.Empty];

    /// <summary>Sees each transaction that took effect: who sent it, the state before, the transaction.</summary>
    public Action<string, ClusterState, Txn>? Applied { get; set; }

    /// <summary>A state that all may see now, and what made it.</summary>
    public event Action<ClusterState, StoreBatch>? Changed;

    public ClusterState State => _states[^1];

    /// <summary>What it was so many changes before, as far as that is known.</summary>
    public ClusterState Recent(int back) => _states[Math.Max(0, _states.Count - 1 - back)];

    public TimeSpan Slowness { get; set; } = TimeSpan.FromMilliseconds(2);
    public bool Healed { get; set; }

    public void Tick() => Publish(_engine.Expire(agenda.Now));

    public TimeSpan Delay() => TimeSpan.FromMilliseconds(0.2) + Slowness * rng.NextDouble();

    public void Commit(string who, Txn txn, Action<TxnAnswer> answer) => Call(
        () =>
        {
            var before = State;
            var (result, batch) = _engine.Apply(txn);
            if (result is { Status: StoreStatus.Ok, Succeeded: true }) Applied?.Invoke(who, before, txn);
            if (batch is not null) Publish([batch]);
            return result;
        },
        status => TxnAnswer.Failed(status, "simulated"),
        given => answer(options.OnAnswer is { } onAnswer ? onAnswer(who, given) : given));

    public void Grant(TimeSpan ttl, Action<LeaseAnswer> answer) =>
        Call(() => _engine.Grant(ttl, agenda.Now), Failed, answer);

    public void KeepAlive(long lease, Action<LeaseAnswer> answer) =>
        Call(() => _engine.KeepAlive(lease, agenda.Now), Failed, answer);

    public void Revoke(long lease) => agenda.After(Delay(), () =>
    {
        if (_engine.Revoke(lease).Batch is { } batch) Publish([batch]);
    });

    private static LeaseAnswer Failed(StoreStatus status) => new(status, 0, TimeSpan.Zero, "simulated");

    private void Call<T>(Func<T> act, Func<StoreStatus, T> failed, Action<T> answer)
    {
        if (!Healed && rng.Chance(options.StoreRefuses))
        {
            agenda.After(Delay(), () => answer(failed(StoreStatus.Unavailable)));
            return;
        }
        var requestLost = !Healed && rng.Chance(options.StoreAnswerLost / 2);
        var answerLost = !Healed && rng.Chance(options.StoreAnswerLost);
        agenda.After(Delay(), () =>
        {
            if (requestLost)
            {
                agenda.After(TimeSpan.FromSeconds(1), () => answer(failed(StoreStatus.Unknown)));
                return;
            }
            var result = act();
            if (answerLost) agenda.After(TimeSpan.FromSeconds(1), () => answer(failed(StoreStatus.Unknown)));
            else agenda.After(Delay(), () => answer(result));
        });
    }

    private void Publish(IReadOnlyList<StoreBatch> batches)
    {
        foreach (var batch in batches)
        {
            var next = State.Apply(batch);
            _states.Add(next);
            if (_states.Count > 64) _states.RemoveAt(0);
            Changed?.Invoke(next, batch);
        }
    }
}
