using System.Runtime.CompilerServices;

namespace Tangram.ClusterTests.Drilling;

/// <summary>The programs that tests start do not compile a second time by the profile of what they run: that is for
/// those that run for days. Here up to twenty begin at once on two cores, and to compile is two fifths of what they do
/// in their first minute even so. The figures of speed, which the benchmarks take, are with it.</summary>
internal static class FewerCompilations
{
    [ModuleInitializer]
    public static void Begin() => Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
}
