using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

public sealed class SingletonReaderTests
{
    [Fact]
    public void A_singleton_moves_stop_first_whatever_is_the_default()
    {
        var web = Yaml.Web("x-tangram: { singleton: true }");
        Assert.True(web.Singleton);
        Assert.Equal((UpdateOrder.StopFirst, UpdateOrder.StopFirst),
            (web.Deploy.Update.Order, web.Deploy.Rollback.Order));
        Assert.NotEqual(web.Template, (web with { Singleton = false }).Template);
        Assert.False(Yaml.Web("x-tangram: { singleton: false }").Singleton);
    }

    [Theory]
    [InlineData("deploy: { replicas: 2 }",
        "compose.yaml:4:25: 'replicas' is 2, and of a singleton there are never two. " +
        "write replicas: 1, or delete x-tangram.singleton.")]
    [InlineData("deploy: { mode: global }",
        "compose.yaml:4:21: 'mode: global' and x-tangram.singleton exclude each other. " +
        "delete one of them: global runs one replica on every node.")]
    [InlineData("deploy: { update_config: { order: start-first } }",
        "compose.yaml:4:39: 'order: start-first' would run two of a singleton. " +
        "delete it: a singleton's move always stops the old replica first.")]
    [InlineData("deploy: { rollback_config: { order: start-first } }",
        "compose.yaml:4:41: 'order: start-first' would run two of a singleton. " +
        "delete it: a singleton's move always stops the old replica first.")]
    public void What_would_run_two_is_refused(string deploy, string error) =>
        Assert.Equal(error, Yaml.WebError(deploy, "x-tangram: { singleton: true }"));

    [Fact]
    public void A_value_that_is_no_truth_is_refused() =>
        Assert.StartsWith("compose.yaml:4:29: 'singleton' is 'maybe'", Yaml.WebError("x-tangram: { singleton: maybe }"),
            StringComparison.Ordinal);

    [Fact]
    public void Nobody_is_told_to_run_two_of_it()
    {
        var (_, problems) = Yaml.Read(Yaml.WebFile("x-tangram: { singleton: true, route: { path: / } }"));
        Assert.DoesNotContain(problems, p => p.Remedy.Contains("replicas: 2", StringComparison.Ordinal));
    }
}
