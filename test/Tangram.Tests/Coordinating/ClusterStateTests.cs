using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class ClusterStateTests
{
    /// <summary>What was deleted while nobody watched leaves no key behind that could tell.</summary>
    [Fact]
    public void After_a_gap_routes_depend_on_what_is_no_longer_there_too()
    {
        var node = NodeName.Of("a-1");
        var documents = new Documents().Node("a-1", 1, "order-1")
            .Put(Keys.Dead(node), new Dead(ZoneName.Of("a"), 1, "it was silent"));
        var before = documents.State;

        var after = documents.Delete(Keys.Dead(node)).State;

        Assert.True(after.RoutedRevision > before.RoutedRevision,
            $"a gateway that has routed {before.RoutedRevision} would keep the node's routes off");
    }
}
