using Tangram.Bench;

return args is [var which, ..]
    ? which switch
    {
        "planning" => PlanningBench.Run(),
        "idle" => await IdleBench.RunAsync(),
        "store" => await StoreBench.RunAsync(args[1..]),
        "scale" => ScaleBench.Run(args[1..]),
        "balancing" => BalancingBench.Run(),
        "simulate" => SimulationBench.Run(args[1..]),
        _ => Usage(),
    }
    : Usage();

static int Usage()
{
    Console.Error.WriteLine(
        "usage: dotnet run --project bench/Tangram.Bench -c Release -- " +
        "planning|idle|balancing|store [ETCD-URL...]|simulate [FROM COUNT]|scale [NODES...]");
    return 2;
}
