using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Where the state knows of singletons. A singleton may run on a node for as long as <c>seen/NODE</c> exists:
/// the key hangs on the lease before whose end the node's agent, or its guard, has ended it.</summary>
public static class Singletons
{
    /// <summary>Whether the revision that started the replica asks for it alone.</summary>
    public static bool Is(ClusterState state, Assignment assignment) =>
        state.Spec(assignment.Revision)?.Find(assignment.Service)?.Singleton == true;

    /// <summary>The nodes whose lease must not be ended for them, but has to run out.</summary>
    public static IReadOnlySet<NodeName> Nodes(ClusterState state) => state.Nodes.Values
        .Where(n => n.Assignments.Any(a => Is(state, a))).Select(n => n.Name).ToHashSet();
}
