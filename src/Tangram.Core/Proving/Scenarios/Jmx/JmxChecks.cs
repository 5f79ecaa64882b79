using System.Globalization;
using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>Assertions as checks, and JMeter's own rule that a status from 400 on is an error.</summary>
internal static class JmxChecks
{
    private const int Matches = 1, Contains = 2, Not = 4, Equal = 8, Substring = 16, Or = 32;

    public static IEnumerable<Check> Read(EquatableArray<JmxElement> assertions, JmxPlan plan)
    {
        var forgiving = assertions.Any(one => one.Kind == "ResponseAssertion" && one.Flag("Assertion.assume_success"));
        var range = forgiving ? "100-599" : "200-399";
        yield return new Check($"status {range}", new ReplySource.Status(),
            [new TextTest(TextTestKind.InRange, Template.Plain(range))]);
        foreach (var one in assertions)
        {
            Check? check = one.Kind switch
            {
                "ResponseAssertion" => Response(one, plan),
                "JSONPathAssertion" => Json(one, plan),
                "DurationAssertion" => Duration(one, plan),
                _ => Unknown(one, plan),
            };
            plan.Unread(one);
            if (check is not null) yield return check;
        }
    }

    private static Check? Response(JmxElement one, JmxPlan plan)
    {
        var field = one.Text("Assertion.test_field", "Assertion.response_data").Split('.')[^1];
        ReplySource? source = field switch
        {
            "response_data" => new ReplySource.Body(),
            "response_code" => new ReplySource.Status(),
            "response_message" => new ReplySource.Reason(),
            "response_headers" => new ReplySource.Head(),
            _ => null,
        };
        if (source is null || one.Text("Assertion.scope", "parent") is not ("parent" or "all"))
            return Unknown(one, plan, source is null ? field : "the scope");
        one.Text("Scope.variable");
        _ = int.TryParse(one.Text("Assertion.test_type", "2"), CultureInfo.InvariantCulture, out var type);
        var kind = (type & (Matches | Contains | Equal | Substring)) switch
        {
            Matches => TextTestKind.Matches,
            Equal => TextTestKind.Equals,
            Substring => TextTestKind.Contains,
            _ => TextTestKind.Finds,
        };
        // The misspelling is JMeter's.
        var tests = one.Items("Asserion.test_strings")
            .Select(item => Test(kind, item.Value, one, plan)).ToEquatableArray();
        return tests.Count == 0 ? null : new Check(Named(one, "assertion"), source, tests)
        {
            Not = (type & Not) != 0, Any = (type & Or) != 0,
        };
    }

    private static Check? Duration(JmxElement one, JmxPlan plan)
    {
        var most = plan.Number(one.Text("DurationAssertion.duration", "0"), "a duration", one.Place) ?? 0;
        if (one.Text("Assertion.scope", "parent") is not ("parent" or "all")) return Unknown(one, plan, "the scope");
        return most <= 0 ? null : Check.Within(TimeSpan.FromMilliseconds(Math.Min(most, 1e9))) with
        {
            Name = Named(one, "duration"),
        };
    }

    private static Check? Json(JmxElement one, JmxPlan plan)
    {
        var text = one.Text("JSON_PATH", "");
        if (JsonPath.TryMake(text, out var wrong) is not { } path)
            return Unknown(one, plan, $"the path {Planning.Quoted.Of(text)}, {wrong},");
        var (valued, none, regex) = (one.Flag("JSONVALIDATION"), one.Flag("EXPECT_NULL"), one.Flag("ISREGEX"));
        var expected = none ? "null" : one.Text("EXPECTED_VALUE", "");
        return new Check(Named(one, $"json {text}"), new ReplySource.Json(path), !valued ? []
            : [Test(regex && !none ? TextTestKind.Matches : TextTestKind.Equals, expected, one, plan)])
        {
            Not = one.Flag("INVERT"),
        };
    }

    private static TextTest Test(TextTestKind kind, string text, JmxElement one, JmxPlan plan)
    {
        // A pattern without variables may hold anything else that looks like one.
        var pattern = kind is TextTestKind.Matches or TextTestKind.Finds;
        var wanted = pattern && !text.Contains("${", StringComparison.Ordinal)
            ? Template.Plain(text) : plan.Text(text, one.Place);
        if (pattern && wanted.IsPlain && ReplyPattern.TryMake(text, out var wrong) is null)
            plan.Unsupported(one.Place, $"{Planning.Quoted.Of(text)}, {wrong},");
        return new TextTest(kind, wanted);
    }

    private static Check? Unknown(JmxElement one, JmxPlan plan, string? what = null)
    {
        plan.Unsupported(one.Place, what is null ? one.Shown : $"{what} of {one.Shown}");
        foreach (var (_, name, _) in one.Unread().ToList()) one.Text(name);
        return null;
    }

    private static string Named(JmxElement one, string otherwise) => one.Name.Length > 0 ? one.Name : otherwise;
}
