using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>How much of a cluster a drill strikes at once.</summary>
public static class Radius
{
    /// <summary>Of one without a target.</summary>
    public static BlastRadius Of(FaultForm form) => form.Subject switch
    {
        FaultSubject.Replica or FaultSubject.Path => BlastRadius.Replica,
        FaultSubject.Node => BlastRadius.Node,
        FaultSubject.Zone => BlastRadius.Zone,
        // The daemon, the machine, the traffic, or all replicas of a service.
        _ => BlastRadius.Cluster,
    };

    /// <summary>Why it must not be held where a drill may strike so much at most; null when it may. Faults by chance
    /// are drawn within it.</summary>
    public static string? Beyond(DrillSpec drill, BlastRadius most)
    {
        var fault = drill.Faults.FirstOrDefault(fault => Of(fault) > most);
        return fault is null ? null
            : $"{drill.Name} has a {fault.Form.Word}, which strikes {Words(Of(fault))}, and {Words(most)} " +
              "at most was allowed";
    }

    /// <summary>The target of a path may be a zone.</summary>
    private static BlastRadius Of(FaultSpec fault) =>
        fault is { Form.Subject: FaultSubject.Path, Target: not null } ? BlastRadius.Zone : Of(fault.Form);

    private static string Words(BlastRadius radius) =>
        radius == BlastRadius.Cluster ? "the whole cluster" : $"a {radius.ToString().ToLowerInvariant()}";
}
