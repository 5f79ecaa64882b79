using Tangram.Deploying;

namespace Tangram.Proving.Simulation;

/// <summary>Wall clocks, which only jobs look at.</summary>
public sealed partial class Simulator
{
    private static readonly TimeSpan ClockEvery = TimeSpan.FromMilliseconds(250);

    private void ReadClocks()
    {
        foreach (var server in _servers)
        {
            if (!server.Up) continue;
            if (!_healed && _jobs.Chance(_options.FaultsPerSecond / 100))
                Note($"fault: the clock of {server.Name} jumps to {_jobs.Jump(server.Name).TotalSeconds:0.0} s off");
            server.Give(server.Life, _jobs.Read(server.Name));
        }
    }

    private IEnumerable<string> NotConverged() =>
        _invariants.NotConverged(_store.State, _processes, _off)
            .Concat(_jobInvariants.NotConverged(_store.State, _processes, _jobs.Wall("")));
}
