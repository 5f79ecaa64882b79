using Tangram.Model;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Proofs;

/// <summary>What comes next in a proof.</summary>
public abstract record ProofStep
{
    private ProofStep() { }

    /// <param name="Number">Of those that may be held, from 1.</param>
    public sealed record Hold(ProofItem Item, int Number, int Of) : ProofStep;

    /// <summary>Look again soon.</summary>
    public sealed record Wait(string For) : ProofStep;

    public sealed record Over : ProofStep;
}

/// <summary>A proof: drills one after another, each on a cluster that is ready and has errors left to spend.</summary>
public sealed class ProofMachine
{
    /// <summary>A lost node with a slow program takes about half of it.</summary>
    public static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    private readonly IReadOnlyList<ProofItem> _items;
    private readonly ProofWish _wish;
    private readonly ObjectivesSpec _objectives;
    private readonly List<ProofRow> _rows = [];
    private readonly Instant _begun;
    private Instant? _waits;
    private string? _over;
    private bool _stopped;

    public ProofMachine(IReadOnlyList<ProofItem> items, ProofWish wish, ObjectivesSpec objectives, Instant now) =>
        (_items, _wish, _objectives, _begun) = (items, wish, objectives, now);

    /// <summary>In the order in which they were held; complete when it is over.</summary>
    public IReadOnlyList<ProofRow> Rows => _rows;

    /// <summary>What is held now is told of with <see cref="Ended"/> or <see cref="Refused"/> before the next
    /// call.</summary>
    public ProofStep Next(DrillSighting seen, Instant now)
    {
        while (_rows.Count < _items.Count)
        {
            var item = _items[_rows.Count];
            // Not skipped: that nobody was let show it is no proof.
            if (_stopped && item.Unfit is null)
            {
                Add(item, ProofRuling.Stopped, "it was stopped");
                continue;
            }
            if ((item.Unfit ?? _over ?? Late(item, now)) is { } skipped)
            {
                Add(item, ProofRuling.Skipped, skipped);
                continue;
            }
            if (!seen.Ready)
            {
                _waits ??= now;
                if (now - _waits.Value < ReadyWithin) return new ProofStep.Wait("the cluster to be ready");
                Add(item, ProofRuling.NotBegun, "the cluster was not ready within " +
                    $"{DrillAim.Words(ReadyWithin)}: `tangram why` says why");
                _over = $"the cluster was not ready for {item.Drill.Name}";
                continue;
            }
            _waits = null;
            if (!_wish.Regardless && ErrorBudget.Spent(_objectives, seen) is { } spent)
            {
                Add(item, ProofRuling.Skipped, spent);
                continue;
            }
            return new ProofStep.Hold(item, _items.Take(_rows.Count + 1).Count(one => one.Unfit is null),
                _items.Count(one => one.Unfit is null));
        }
        return new ProofStep.Over();
    }

    public void Ended(DrillResult result)
    {
        var item = _items[_rows.Count];
        _rows.Add(new ProofRow(item.Promise, item.Drill.Name, item.Seed, item.Takes, Of(result.Verdict.Ruling),
            Figure(result), result.Verdict.Because, result));
        if (result.Verdict.Ruling == DrillRuling.Stopped) Stop();
        else if (result.Verdict.Ruling == DrillRuling.Broken && !_wish.KeepGoing)
            _over ??= $"{item.Drill.Name} was broken, and --keep-going was not given";
    }

    /// <summary>It could not be begun.</summary>
    public void Refused(string because) => Add(_items[_rows.Count], ProofRuling.NotBegun, because);

    /// <summary>None begins any more.</summary>
    public void Stop() => _stopped = true;

    /// <summary>What would be held, with nothing done.</summary>
    public static IReadOnlyList<ProofRow> Foretold(
        IReadOnlyList<ProofItem> items, ProofWish wish, ObjectivesSpec objectives, DrillSighting seen)
    {
        var now = Instant.Zero;
        var machine = new ProofMachine(items, wish, objectives, now);
        while (machine.Next(seen with { Ready = true }, now) is ProofStep.Hold { Item: var item })
        {
            machine.Add(item, ProofRuling.Planned, $"about {DrillAim.Words(item.Takes)}");
            now += item.Takes;
        }
        return machine.Rows;
    }

    private string? Late(ProofItem item, Instant now) =>
        _wish.Budget is { } budget && now - _begun + item.Takes > budget
            ? $"it takes about {DrillAim.Words(item.Takes)}, and of --budget " +
              $"{DrillAim.Words(Max(budget - (now - _begun), TimeSpan.Zero))} are left"
            : null;

    private void Add(ProofItem item, ProofRuling ruling, string because) => _rows.Add(new ProofRow(
        item.Promise, item.Drill.Name, item.Seed, item.Takes, ruling, "", [because], null));

    private static ProofRuling Of(DrillRuling ruling) => ruling switch
    {
        DrillRuling.Kept => ProofRuling.Kept,
        DrillRuling.Broken => ProofRuling.Broken,
        DrillRuling.NotBegun => ProofRuling.NotBegun,
        DrillRuling.Void => ProofRuling.Void,
        _ => ProofRuling.Stopped,
    };

    private static string Figure(DrillResult result)
    {
        if (result.Load is not { } load) return "";
        var faults = result.Faults.Where(fault => fault.Missed is null).ToList();
        return $"{load.Failed} of {load.Sent} failed, p99 {DrillAim.Words(load.P99)}" +
            Longest("detected", fault => fault.Detected) + Longest("left", fault => fault.Left) +
            Longest("whole", fault => fault.Whole);

        string Longest(string what, Func<DrillFault, TimeSpan?> of) =>
            faults.Max(of) is { } time ? $", {what} {DrillAim.Words(time)}" : "";
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
