using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Tests.Observing;

public sealed class SpecDiffTests
{
    private static readonly ServiceSpec Order = new()
    {
        Name = ServiceName.Of("order"), Command = ["app", "--fast"], Environment = [new("A", "1"), new("B", "2")],
        Deploy = new DeploySpec { Replicas = 3 },
    };

    private static ClusterSpec Spec(params ServiceSpec[] services) => new() { Name = "shop", Services = [.. services] };

    private static string[] Diff(ClusterSpec? before, ClusterSpec? after) =>
        [.. SpecDiff.Of(before, after).Select(c => $"{c.Path}: {c.Before} -> {c.After}")];

    [Fact]
    public void Two_that_are_the_same_differ_in_nothing() => Assert.Empty(Diff(Spec(Order), Spec(Order)));

    [Fact]
    public void Each_value_that_differs_is_named_by_its_path()
    {
        var after = Order with
        {
            Command = ["app"], Environment = [new("A", "1"), new("C", "3")],
            Deploy = Order.Deploy with { Replicas = 5 },
        };
        string[] expected =
        [
            "services.order.command: [\"app\",\"--fast\"] -> [\"app\"]", "services.order.deploy.replicas: 3 -> 5",
            "services.order.environment.B: 2 -> ", "services.order.environment.C:  -> 3",
        ];
        Assert.Equal(expected, Diff(Spec(Order), Spec(after)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_service_that_comes_or_goes_is_one_change()
    {
        var web = Order with { Name = ServiceName.Of("web") };
        var change = Assert.Single(SpecDiff.Of(Spec(Order), Spec(Order, web)));
        Assert.Equal(("services.web", null), (change.Path, change.Before));
        change = Assert.Single(SpecDiff.Of(Spec(Order, web), Spec(Order)));
        Assert.Equal(("services.web", null), (change.Path, change.After));
    }

    [Fact]
    public void Against_nothing_all_of_it_is_one_change() =>
        Assert.Equal((1, 1), (Diff(null, Spec(Order)).Length, Diff(Spec(Order), null).Length));
}
