using Tangram.Bench;
using Tangram.Bench.Anchors;
using Tangram.Bench.Drills;
using Tangram.Bench.Faults;
using Tangram.Bench.Gateway;
using Tangram.Bench.Generators;
using Tangram.Bench.Zones;

return args is [var which, ..]
    ? which switch
    {
        "planning" => PlanningBench.Run(),
        "commands" => await CommandsBench.RunAsync(),
        "idle" => await IdleBench.RunAsync(),
        "store" => await StoreBench.RunAsync(args[1..]),
        "scale" => ScaleBench.Run(args[1..]),
        "gateway" => await GatewayBench.RunAsync(args[1..]),
        "broken" => await BrokenBench.RunAsync(args[1..]),
        "broken-backend" => await BrokenBackend.RunAsync(args[1..]),
        "bare-yarp" => await BareYarp.RunAsync(args[1..]),
        "zones" => await ZonesBench.RunAsync(args[1..]),
        "zone-replica" => await ZoneReplica.RunAsync(args[1..]),
        "anchors" => await AnchorBench.RunAsync(args[1..]),
        "anchor-backend" => await AnchorBackend.RunAsync(args[1..]),
        "balancing" => BalancingBench.Run(args[1..]),
        "load" => await LoadBench.RunAsync(args[1..]),
        "load-server" => LoadServer.Run(args[1..]),
        "everything" => await EverythingBench.RunAsync(args[1..]),
        "simulate" => SimulationBench.Run(args[1..]),
        "fuzz" => FuzzBench.Run(args[1..]),
        "reading" => ReadingBench.Run(),
        "faults" => await StreamFaultsBench.RunAsync(args[1..]),
        "stream-replica" => await StreamReplica.RunAsync(),
        "packet-faults" => await PacketBench.RunAsync(args[1..]),
        "fault-target" => FaultTarget.Run(args[1..]),
        "fault-writer" => await WritingProcess.RunAsync(args[1]),
        _ => Usage(),
    }
    : Usage();

static int Usage()
{
    Console.Error.WriteLine(
        "usage: dotnet run --project bench/Tangram.Bench -c Release -- " +
        "planning|commands|idle|balancing [zones]|zones [without]|anchors [slow|overload|storm|maglev]|" +
        "gateway [ROUNDS]|load [ROUNDS]|" +
        "broken [SECONDS]|everything [COUNT [FROM [CLUSTERS]]]|faults [SEED]|packet-faults [link|machine]|" +
        "store [ETCD-URL...]|simulate [FROM COUNT]|scale [NODES...]|reading|" +
        "fuzz [--gateway|--answers] [--seconds N] [--seed N]");
    return 2;
}
