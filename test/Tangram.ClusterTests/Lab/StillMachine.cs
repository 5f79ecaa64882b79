using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;

namespace Tangram.ClusterTests.Lab;

/// <summary>What becomes of a machine that stands still for a while, and of the replicas that are on it now, by the
/// kernel's word.</summary>
internal sealed class StillMachine(ShopLab shop, LabMachine node)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly SortedDictionary<string, int> _replicas = node.Replicas();
    private long _stopped, _went;

    /// <summary>By <c>/proc/uptime</c>.</summary>
    public (string Node, double From, double To) Slept { get; private set; } =
        (node.Name, double.PositiveInfinity, double.PositiveInfinity);

    /// <summary>From when it stood still until all that is wanted was ready elsewhere. Null: never.</summary>
    public TimeSpan? Replaced { get; private set; }

    /// <summary>From when it went on until what had been replaced was gone. Null: never.</summary>
    public TimeSpan? Gone { get; private set; }

    public string Words => FormattableString.Invariant($"{string.Join(", ", _replicas.Keys)} stood still for ") +
        FormattableString.Invariant($"{Slept.To - Slept.From:0.0} s; all ready elsewhere after ") +
        FormattableString.Invariant($"{Replaced?.TotalSeconds:0.0} s; they were gone ") +
        FormattableString.Invariant($"{Gone?.TotalSeconds:0.0} s after they went on");

    public async Task WatchAsync(Task until)
    {
        while (!until.IsCompleted)
        {
            See();
            if (_stopped != 0 && _went == 0 && Replaced is null && await IsReplacedAsync())
                Replaced = TimeProvider.System.GetElapsedTime(_stopped);
            await Until.PassedAsync(Look);
        }
    }

    private void See()
    {
        var now = TimeProvider.System.GetTimestamp();
        var still = node.Pids.Any(pid => ProcessStat.Read(pid) is { State: 'T' });
        if (still && _stopped == 0) (_stopped, Slept) = (now, Slept with { From = LabSingleton.Uptime() });
        if (!still && _stopped != 0 && _went == 0) (_went, Slept) = (now, Slept with { To = LabSingleton.Uptime() });
        if (_went != 0 && !_replicas.Values.Any(pid => ProcessStat.Read(pid) is { Ended: false }))
            Gone ??= TimeProvider.System.GetElapsedTime(_went, now);
    }

    private async Task<bool> IsReplacedAsync() => await shop.AnyStatusAsync() is { Ready: true } status
        && status.Nodes.First(other => other.Name == node.Name).State == "dead";
}
