using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>healthcheck</c>.</summary>
internal static class HealthcheckReader
{
    private const string Forms = "write a string for /bin/sh, [CMD, program, …], [CMD-SHELL, string] or [NONE]";

    public static HealthcheckSpec? Read(Fields service)
    {
        if (service["healthcheck"] is null) return null;
        var fields = service.Open("healthcheck", ServiceKeys.Healthcheck);
        var disabled = fields.Flag("disable", false);
        var spec = new HealthcheckSpec();
        var (test, none) = Test(fields["test"], fields.Problems);
        if (fields["test"] is null && !disabled)
            fields.Problems.Error(fields.Place, "'healthcheck' has no test", Forms);
        return spec with
        {
            Test = test,
            Interval = fields.Duration("interval", spec.Interval, positive: true),
            Timeout = fields.Duration("timeout", spec.Timeout, positive: true),
            Retries = fields.Whole("retries", spec.Retries, 1, 1000),
            StartPeriod = fields.Duration("start_period", spec.StartPeriod),
            StartInterval = fields.Duration("start_interval", spec.StartInterval, positive: true),
            Disabled = disabled || none,
        };
    }

    private static (EquatableArray<string> Test, bool None) Test(Tree? tree, ProblemList problems)
    {
        if (tree is null) return ([], false);
        if (tree is not Tree.List list)
            return Scalars.Filled(tree, "test", problems) is { } line ? (["/bin/sh", "-c", line], false) : ([], false);
        var words = list.Items.Select(item => Scalars.Text(item, "test", problems)).OfType<string>().ToList();
        if (words.Count < list.Items.Count) return ([], false);
        switch (words)
        {
            case ["NONE"]: return ([], true);
            case ["CMD-SHELL", { Length: > 0 } line]: return (["/bin/sh", "-c", line], false);
            case ["CMD", { Length: > 0 }, ..]: return (words.Skip(1).ToEquatableArray(), false);
        }
        var start = words.Count == 0 ? "an empty list" : $"a list that starts with {Quoted.Of(words[0])}";
        problems.Error(tree.Place, $"'test' is {start} and of no known form", Forms);
        return ([], false);
    }
}
