using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>How much of a cluster a drill strikes at once.</summary>
public static class Radius
{
    public static BlastRadius Of(FaultForm form) => form.Subject switch
    {
        FaultSubject.Replica => BlastRadius.Replica,
        FaultSubject.Node => BlastRadius.Node,
        FaultSubject.Zone => BlastRadius.Zone,
        // The daemon, the machine, the traffic, or all replicas of a service.
        _ => BlastRadius.Cluster,
    };

    /// <summary>Why it must not be held where a drill may strike so much at most; null when it may. Faults by chance
    /// are drawn within it.</summary>
    public static string? Beyond(DrillSpec drill, BlastRadius most)
    {
        var fault = drill.Faults.FirstOrDefault(fault => Of(fault.Form) > most);
        return fault is null ? null
            : $"{drill.Name} has a {fault.Form.Word}, which strikes {Words(Of(fault.Form))}, and {Words(most)} " +
              "at most was allowed";
    }

    private static string Words(BlastRadius radius) =>
        radius == BlastRadius.Cluster ? "the whole cluster" : $"a {radius.ToString().ToLowerInvariant()}";
}
