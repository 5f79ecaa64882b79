using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Scenarios;
using Tangram.Proving.Scenarios.Jmx;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class JmxTests(ITestOutputHelper output)
{
    private static readonly string Shop = File.ReadAllText(
        Path.Combine(Repository.Root, "test", "Tangram.ClusterTests", "Proving", "Plans", "shop-orders.jmx"));

    private static (Scenario? Scenario, EquatableArray<Problem> Problems, List<string> Notes) Read(
        string text, JmxOptions? options = null)
    {
        var (problems, notes) = (new ProblemList(), new List<string>());
        var scenario = JmxReader.Read(text, "plan.jmx", problems, options ?? new JmxOptions(), notes);
        return (scenario, problems.InOrder(), notes);
    }

    private static Scenario Good(string text, JmxOptions? options = null)
    {
        var (scenario, problems, _) = Read(text, options);
        Assert.True(scenario is not null, string.Join('\n', problems));
        return scenario!;
    }

    /// <summary>A plan with one thread group of one user, in which these stand.</summary>
    private static string Plan(string elements, string group = "") => $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <jmeterTestPlan version="1.2" properties="5.0" jmeter="5.6.3"><hashTree>
        <TestPlan testclass="TestPlan" testname="plan"></TestPlan><hashTree>
        <ThreadGroup testclass="ThreadGroup" testname="users">{group}<intProp name="ThreadGroup.num_threads">1</intProp>
        </ThreadGroup><hashTree>
        {elements}
        </hashTree></hashTree></hashTree></jmeterTestPlan>
        """;

    private static string Text(string name, string value) => $"<stringProp name=\"{name}\">{value}</stringProp>";

    private static string Flag(string name) => $"<boolProp name=\"{name}\">true</boolProp>";

    private static string Get(string path = "/a", string more = "", string below = "") =>
        $"<HTTPSamplerProxy testname=\"get {path}\">{Text("HTTPSampler.domain", "shop")}" +
        $"{Text("HTTPSampler.path", path)}{more}</HTTPSamplerProxy><hashTree>{below}</hashTree>";

    private static RequestSpec Only(string elements) => Assert.Single(Good(Plan(elements)).Requests);

    [Fact]
    public void A_plan_as_JMeter_saves_it_is_read_whole()
    {
        var (scenario, problems, notes) = Read(Shop, new JmxOptions
        {
            Properties = new Dictionary<string, string> { ["port"] = "8181", ["users"] = "50" },
        });
        Assert.True(scenario is not null, string.Join('\n', problems));
        Assert.Empty(problems);
        Assert.Equal(["not needed here, and not run: Summary Report"], notes);
        Assert.Equal("Shop orders", scenario!.Name);
        Assert.Equal(["127.0.0.1", "${__P(port,8080)}"], scenario.Variables.Select((v, i) => i == 0 ? "127.0.0.1"
            : v.Value.Text));
        var group = Assert.Single(scenario.Groups);
        Assert.Equal([new Stage(0, 50, TimeSpan.FromSeconds(10)), new Stage(50, 50, TimeSpan.FromSeconds(20))],
            group.Profile.Stages);
        Assert.Null(Assert.IsType<LoadProfile.Closed>(group.Profile).Iterations);
        Assert.Equal((true, true), (group.Cookies, group.ForgetsCookies));
        var part = Assert.IsType<ScenarioItem.Part>(Assert.Single(group.Items));
        Assert.Equal(("Look and order", false), (part.Name, part.WithRests));
        Assert.Equal("Rest, Send, Rest, Send", string.Join(", ", part.Items.Select(item => item.GetType().Name)));
        Assert.Equal(new ThinkSpec(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15)),
            Assert.IsType<ScenarioItem.Rest>(part.Items[0]).Think);
        var (list, place) = (scenario.Requests.First(), scenario.Requests.Last());
        Assert.Equal("GET http://${host}:${port}/api/orders", $"{list.Method} {list.Url}");
        Assert.Equal("item=${item}", string.Join('&', list.Query.Select(q => $"{q.Name}={q.Value}")));
        Assert.Equal((true, TimeSpan.FromSeconds(10)), (list.Follows, list.Timeout));
        Assert.Equal(["status 200-399", "Answered with 200", "Tea is first"], list.Checks.Select(c => c.Name));
        Assert.Equal((Extract.Random, "1"), (list.Extracts[0].Match, list.Extracts[0].Default));
        Assert.Equal(["Accept", "x-request-id", "Content-Type"], place.Headers.Select(h => h.Name.Text));
        Assert.Equal("{\"like\": ${order}, \"item\": \"${item}\", \"count\": ${count}}", place.Body!.Text);
        Assert.Equal(("shop-orders.csv", 0, "item,count"), (scenario.Files[0].File, scenario.Files[0].Group,
            string.Join(',', scenario.Files[0].Columns!.Value)));
    }

    [Fact]
    public void A_target_takes_the_place_of_every_host()
    {
        var options = new JmxOptions { Target = "http://127.0.0.1:9/" };
        Assert.All(Good(Shop, options).Requests, r => Assert.Equal("http://127.0.0.1:9/api/orders", r.Url.Text));
        Assert.Equal("http://127.0.0.1:9/x?y=1",
            Assert.Single(Good(Plan(Get("https://elsewhere/x?y=1")), options).Requests).Url.Text);
    }

    [Fact]
    public void What_is_not_known_is_listed_with_its_place_and_refused_unless_that_is_asked_for()
    {
        var plan = Plan(Get() +
            $"\n<IfController testname=\"if\">{Text("IfController.condition", "x")}</IfController>" +
            $"<hashTree>{Get("/b")}</hashTree>" +
            $"\n{Get("/c", Flag("HTTPSampler.image_parser") + Text("HTTPSampler.ipSource", "10.0.0.9"))}" +
            "\n<kg.apc.jmeter.timers.VariableThroughputTimer testname=\"vtt\"/><hashTree/>" +
            $"\n<XPathExtractor testname=\"off\" enabled=\"false\"/><hashTree/>");
        var (scenario, problems, _) = Read(plan);
        Assert.Null(scenario);
        Assert.Equal(
            [
                "7: IfController 'if', with what stands below it, is not known here",
                "8: HTTPSampler.ipSource = '10.0.0.9' of HTTPSamplerProxy 'get /c' is not known here",
                "8: fetching what a page embeds (image_parser) in HTTPSamplerProxy 'get /c' is not known here",
                "9: VariableThroughputTimer 'vtt' is not known here",
            ],
            problems.Select(p => $"{p.Place.Line}: {p.What}").Order(StringComparer.Ordinal));
        Assert.All(problems, p => Assert.EndsWith("or run without it: --ignore-unsupported.", p.ToString()));
        var (without, warnings, _) = Read(plan, new JmxOptions { IgnoresUnsupported = true });
        Assert.Equal(["get /a", "get /c"], without!.Requests.Select(r => r.Name));
        Assert.Equal(4, warnings.Count(p => p.Severity == Severity.Warning));
    }

    [Fact]
    public void Defaults_that_nobody_uses_are_known_still()
    {
        var (_, problems, _) = Read(Shop.Replace("TransactionController", "IfController"));
        Assert.StartsWith("IfController 'Look and order', with what stands below it,", Assert.Single(problems).What);
    }

    [Fact]
    public void Scopes_reach_down_and_the_nearer_wins()
    {
        var header = "<HeaderManager><collectionProp name=\"HeaderManager.headers\"><elementProp>" +
            "{0}</elementProp></collectionProp></HeaderManager><hashTree/>";
        string Header(string value) => header.Replace("{0}", Text("Header.name", "A") + Text("Header.value", value));
        string Defaults(string port) => $"<ConfigTestElement>{Text("HTTPSampler.domain", "x")}" +
            $"{Text("HTTPSampler.port", port)}</ConfigTestElement><hashTree/>";
        var timer = $"<ConstantTimer>{Text("ConstantTimer.delay", "300")}</ConstantTimer><hashTree/>";
        var scenario = Good(Plan(Header("1") + Defaults("81") + timer + Get("/a") +
            "<GenericController testname=\"c\"/><hashTree>" +
            $"{Get("/b", below: Header("2") + timer)}{Defaults("82")}</hashTree>"));
        var requests = scenario.Requests.ToList();
        Assert.Equal(["http://shop:81/a", "http://shop:82/b"], requests.Select(r => r.Url.Text));
        Assert.Equal(["1", "2"], requests.Select(r => Assert.Single(r.Headers).Value.Text));
        Assert.Equal("Rest Send Rest Rest Send", string.Join(' ', scenario.Groups[0].Items.Select(i =>
            i.GetType().Name)));
    }

    [Fact]
    public void Loops_pace_and_threads_are_as_the_plan_says()
    {
        var scenario = Good(Plan(
            "<LoopController>" + Text("LoopController.loops", "${__P(n,3)}") +
            $"</LoopController><hashTree>{Get()}</hashTree>" +
            "<ConstantThroughputTimer><doubleProp><name>throughput</name><value>120.0</value></doubleProp>" +
            "<intProp name=\"calcMode\">0</intProp></ConstantThroughputTimer><hashTree/>",
            "<elementProp name=\"ThreadGroup.main_controller\" elementType=\"LoopController\">" +
            $"<intProp name=\"LoopController.loops\">7</intProp></elementProp>{Text("ThreadGroup.ramp_time", "5")}"));
        var profile = Assert.IsType<LoadProfile.Closed>(scenario.Groups[0].Profile);
        Assert.Equal((7, new Stage(0, 1, TimeSpan.FromSeconds(5))), (profile.Iterations, profile.Stages[0]));
        var loop = Assert.IsType<ScenarioItem.Repeat>(Assert.Single(scenario.Groups[0].Items));
        Assert.Equal("${__P(n,3)}", loop.Times!.Text);
        Assert.Equal(new ScenarioItem.Pace(120, PaceRow.User, 0), loop.Items[0]);
    }

    [Theory]
    [InlineData("0", PaceRow.User)]
    [InlineData("1", PaceRow.All)]
    [InlineData("2", PaceRow.Group)]
    [InlineData("calcMode.4", PaceRow.AllShared)]
    [InlineData("calcMode.5", PaceRow.GroupShared)]
    public void A_throughput_timer_says_who_shares_its_places(string mode, PaceRow row)
    {
        var timer = "<ConstantThroughputTimer><doubleProp><name>throughput</name><value>60</value></doubleProp>" +
            Text("calcMode", mode) + "</ConstantThroughputTimer><hashTree/>";
        var paces = Good(Plan(timer + timer + Get())).Groups[0].Items.OfType<ScenarioItem.Pace>();
        Assert.Equal([new(60, row, 0), new(60, row, 1)], paces);
    }

    /// <summary>Two timers, two groups, users of the same numbers: who waits for whom.</summary>
    [Theory]
    [InlineData(PaceRow.User, 8)]
    [InlineData(PaceRow.Group, 4)]
    [InlineData(PaceRow.All, 2)]
    [InlineData(PaceRow.GroupShared, 2)]
    [InlineData(PaceRow.AllShared, 1)]
    public void Timers_and_thread_groups_share_places_only_where_the_mode_says_so(PaceRow row, int rows)
    {
        int[] both = [0, 1];
        Assert.Equal(rows, (from timer in both from threads in both from user in both
            select new ScenarioItem.Pace(60, row, timer).Of(threads, user)).Distinct().Count());
    }

    [Fact]
    public void A_mode_that_JMeter_does_not_have_is_listed() => Assert.Contains("calcMode '7'", string.Join('\n', Read(
        Plan("<ConstantThroughputTimer><doubleProp><name>throughput</name><value>60</value></doubleProp>" +
            Text("calcMode", "7") + "</ConstantThroughputTimer><hashTree/>" + Get())).Problems));

    [Theory]
    [InlineData(1, TextTestKind.Matches, false, false)]
    [InlineData(2, TextTestKind.Finds, false, false)]
    [InlineData(6, TextTestKind.Finds, true, false)]
    [InlineData(8, TextTestKind.Equals, false, false)]
    [InlineData(16, TextTestKind.Contains, false, false)]
    [InlineData(52, TextTestKind.Contains, true, true)]
    public void An_assertion_is_a_check(int type, TextTestKind kind, bool not, bool any)
    {
        var check = Only(Get(below: "<ResponseAssertion testname=\"x\">" +
            $"<collectionProp name=\"Asserion.test_strings\">{Text("1", "a")}{Text("2", "b")}</collectionProp>" +
            Text("Assertion.test_field", "Assertion.response_data") +
            $"<intProp name=\"Assertion.test_type\">{type}</intProp></ResponseAssertion><hashTree/>")).Checks[1];
        Assert.Equal((kind, not, any, 2), (check.Tests[0].Kind, check.Not, check.Any, check.Tests.Count));
    }

    [Fact]
    public void What_is_done_once_and_how_long_an_answer_may_take_are_known()
    {
        var scenario = Good(Plan($"<OnceOnlyController testname=\"login\"/><hashTree>{Get("/login")}</hashTree>" +
            $"<DurationAssertion testname=\"fast\">{Text("DurationAssertion.duration", "250")}</DurationAssertion>" +
            "<hashTree/>"));
        Assert.IsType<ScenarioItem.Once>(Assert.Single(scenario.Groups[0].Items));
        var check = Assert.Single(scenario.Requests).Checks[1];
        Assert.Equal(("fast", "250", TextTestKind.AtMost),
            (check.Name, check.Tests[0].Wanted.Text, check.Tests[0].Kind));
    }

    [Fact]
    public void A_body_is_raw_or_a_form_and_a_query_where_none_can_be()
    {
        const string argument = "<elementProp name=\"HTTPsampler.Arguments\">" +
            "<collectionProp name=\"Arguments.arguments\">" +
            "<elementProp>{0}</elementProp></collectionProp></elementProp>";
        var named = argument.Replace("{0}", Text("Argument.name", "a") + Text("Argument.value", "b c") +
            Flag("HTTPArgument.always_encode"));
        var bare = argument.Replace("{0}", Text("Argument.value", "{}"));
        Assert.Equal((1, 0), Count(Only(Get(more: named))));
        Assert.Equal((0, 1), Count(Only(Get(more: named + Text("HTTPSampler.method", "POST")))));
        Assert.Equal("{}", Only(Get(more: bare + Text("HTTPSampler.method", "PUT"))).Body!.Text);

        static (int, int) Count(RequestSpec request) => (request.Query.Count, request.Form.Count);
    }

    [Theory]
    [InlineData("", "plan.jmx:1:1: this is not XML")]
    [InlineData("<a/>", "this is a 'a' and no test plan")]
    [InlineData("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><jmeterTestPlan/>", "this is not XML")]
    [InlineData("<jmeterTestPlan><hashTree/></jmeterTestPlan>", "there is no TestPlan")]
    [InlineData("<jmeterTestPlan><hashTree><hashTree><a/></hashTree></hashTree></jmeterTestPlan>",
        "follows no element")]
    [InlineData("<jmeterTestPlan><hashTree><TestPlan/><hashTree/></hashTree></jmeterTestPlan>",
        "the plan sends nothing")]
    public void What_is_no_plan_is_refused(string text, string why) =>
        Assert.Contains(why, string.Join('\n', Read(text).Problems));

    [Fact]
    public void A_group_that_runs_for_ever_is_refused_unless_the_profile_is_given()
    {
        var plan = Plan(Get(), "<elementProp name=\"ThreadGroup.main_controller\" elementType=\"LoopController\">" +
            "<intProp name=\"LoopController.loops\">-1</intProp></elementProp>");
        Assert.Contains("ThreadGroup 'users' runs for ever", string.Join('\n', Read(plan).Problems));
        var profile = new LoadProfile.Closed { Stages = [new(5, 5, TimeSpan.FromSeconds(1))] };
        Assert.Equal(profile, Good(plan, new JmxOptions { Profile = profile }).Groups[0].Profile);
    }

    [Fact]
    public void Whatever_a_seed_makes_of_a_plan_is_read_or_refused()
    {
        string[] pieces =
        [
            "<hashTree/>", "<hashTree>", "</hashTree>", "true", "false", "-1", "99999999999999999999", "${", "}",
                "${__P(",
            "\\", "<", ">", "&amp;", "&#0;", "\"", "", "enabled=\"false\"", "(", "[", "*", "$..", ";", ";;", "1e309",
                "NaN",
            "<IfController/>", "<stringProp name=\"HTTPSampler.path\">:</stringProp>", "shareMode.thread", "64",
        ];
        string[] cuts = [">", "<", "\">", "name=\"", "Prop", "\n", "</"];
        var read = 0;
        for (var seed = 1UL; seed <= 3000; seed++)
        {
            var rng = new Rng(seed);
            var text = new StringBuilder(Shop);
            for (var changes = 1 + rng.Next(4); changes > 0; changes--)
            {
                // Mostly where something begins or ends, so that it stays a plan.
                var at = text.ToString().IndexOf(cuts[rng.Next(cuts.Length)], rng.Next(text.Length),
                    StringComparison.Ordinal) + 1;
                if (rng.Chance(0.7)) text.Insert(Math.Max(0, at), pieces[rng.Next(pieces.Length)]);
                else text.Remove(at, Math.Min(rng.Next(20), text.Length - at));
            }
            try
            {
                var (scenario, problems, _) = Read(text.ToString(),
                    new JmxOptions { IgnoresUnsupported = rng.Chance(0.5) });
                Assert.True(scenario is null == problems.Any(p => p.Severity == Severity.Error),
                    "a scenario beside errors");
                if (scenario is null) continue;
                read++;
                var user = new ScenarioUser(1, rng, new ScenarioTable(new Dictionary<string, string>(),
                    new Dictionary<string, string>()));
                foreach (var request in scenario.Requests)
                {
                    RequestText.Of(request, user, default);
                    Judgement.Of(request, new Reply(200, "OK", [], "[{\"item\": \"tea\", \"id\": 1}]"), user, default);
                }
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
        output.WriteLine($"{read} of 3000 are read");
        Assert.InRange(read, 100, 2900);
    }
}
