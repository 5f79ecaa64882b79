using Tangram.Cli;
using Tangram.Model;

return await CommandLine.RunAsync(args, Surroundings.OfThisProcess(), new Entrances
{
    ReadFile = _ => throw NotInThisBuild("the file reader"),
    Up = (_, _) => throw NotInThisBuild("the cluster"),
    PlanAlone = (_, _) => throw NotInThisBuild("the planner"),
    Load = (_, _, _) => throw NotInThisBuild("the load generator"),
    Simulate = (_, _, _) => throw NotInThisBuild("the simulator"),
    DownWithoutDaemon = (_, _) => throw NotInThisBuild("the process runner"),
    ReadLog = (_, _) => throw NotInThisBuild("the log reader"),
});

static CommandFailure NotInThisBuild(string what) => new(Exit.Failed, $"{what} is not connected in this build");
