using Tangram.ClusterTests.Drilling;
using Tangram.Proving.Drills;

namespace Tangram.ClusterTests.Lab;

/// <summary>`tangram injector` on every machine of the shop, and `tangram drill` on one of its servers, as a user would
/// type them.</summary>
internal static class LabInjectors
{
    public const int Port = 7650;
    private static readonly TimeSpan ListensWithin = TimeSpan.FromSeconds(30), DrillWithin = TimeSpan.FromMinutes(3);

    /// <summary>Starts one on each of these machines; returns when all listen.</summary>
    public static async Task<LabProcess[]> StartInjectorsAsync(this ShopLab shop, params LabMachine[] machines)
    {
        var started = machines.Select(machine => machine.StartTangram("injector",
        [
            "--cluster", "shop", "--name", machine.Name, "--listen", $"{machine.Address}:{Port}",
            "--zone", machine.Zone, "--tls", shop.TlsOf(machine).Path,
        ])).ToArray();
        foreach (var injector in started)
            await Until.SomeAsync(() => Task.FromResult(injector.Printed.Contains(" runs;") ? injector : null),
                ListensWithin, () => injector.Tail());
        return started;
    }

    public static string Injectors(params IEnumerable<LabMachine> machines) =>
        string.Join(',', machines.Select(machine => $"{machine.Address}:{Port}"));

    public static LabProcess StartDrill(
        this ShopLab shop, LabMachine on, LabMachine[] injectors, params string[] arguments) =>
        on.Start("drill",
        [
            ShopCluster.Binary, "drill", .. arguments, "--injector", Injectors(injectors),
            "--tls", shop.TlsOf(on).Path,
        ], on.TangramEnvironment());

    /// <summary>Holds a drill to its end.</summary>
    public static async Task<(int Code, DrillResult Result)> HeldAsync(
        this ShopLab shop, LabMachine on, LabMachine[] injectors, params string[] arguments)
    {
        var drill = shop.StartDrill(on, injectors, [.. arguments, "--json"]);
        var code = await drill.EndAsync(DrillWithin);
        Assert.True(drill.Printed.Contains("\"verdict\""), drill.Tail());
        return (code, DrillJson.Read(drill.Printed[drill.Printed.IndexOf('{')..]));
    }
}
