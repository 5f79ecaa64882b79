using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Deploying;
using Tangram.Observing.Doctoring;
using Tangram.Planning;
using Tangram.Proving;
using Tangram.Proving.Replaying;
using Tangram.Proving.Scenarios;
using Tangram.Proving.Spreading;
using Tangram.Proving.Drills;
using Tangram.Proving.Injecting;
using Tangram.Proving.Proofs;
using Tangram.Routing;

Descriptors.KeepInherited();
var around = Surroundings.OfThisProcess();
return await CommandLine.RunAsync(args, around, new Entrances
{
    ReadFiles = request => ComposeFile.Load(request, around.Variable, around.Clock),
    Up = (request, cancellation) => LocalCluster.StartAsync(request, around.Clock, around.Variable, cancellation),
    PlanAlone = (spec, json) => PlanPreview.Of(ClusterState.Empty, spec, json),
    Server = async (options, cancellation) =>
        await ServerHost.StartAsync(options, around.Clock, around.Variable, cancellation),
    Agent = async (options, cancellation) => await AgentHost.StartAsync(options, around.Clock, cancellation),
    Gateway = async (options, cancellation) => await GatewayHost.StartAsync(options, around.Clock),
    Injector = (options, _) => Task.FromResult<IRunningRole>(InjectorHost.Start(options, around.Clock)),
    Load = LoadEntrance.RunAsync,
    LoadPart = (where, _) => LoadPartProcess.RunAsync(where),
    Scenario = ScenarioEntrance.RunAsync,
    IsAccessLog = AccessLogFile.Is,
    Replay = ReplayEntrance.RunAsync,
    Drill = DrillEntrance.RunAsync,
    Prove = ProveEntrance.RunAsync,
    Simulate = SimulateEntrance.RunAsync,
    Trust = TrustEntrance.Run,
    DownWithoutDaemon = (folder, cancellation) => LeftBehind.EndAsync(folder, around.Clock, cancellation),
    ReadMachine = (spec, where) => new MachineReading(where.StateRoot, spec, where.Clock).Read(),
    SetKernel = KernelSettings.Apply,
    Volumes = async (folder, remove, cancellation) => remove
        ? await KeptVolumes.RemoveAsync(folder, around.Clock, cancellation)
        : KeptVolumes.Of(folder),
    ReadLog = (request, cancellation) => LogEntrance.ReadAsync(request, around.Clock, cancellation),
});
