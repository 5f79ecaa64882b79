using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Tangram.Cli;
using Tangram.Proving;
using Tangram.Proving.Scenarios;

namespace Tangram.ClusterTests.Proving;

/// <summary>Scenarios against a server that sees every byte.</summary>
[Collection(nameof(Alone))]
public sealed class ScenarioTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-scenario-").FullName;
    private readonly ConcurrentQueue<string> _seen = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        File.WriteAllText(Path.Combine(_folder, name), text);
        return Path.Combine(_folder, name);
    }

    private Task<LoadResult> RunAsync(string name, string text, Func<ScenarioRequest, ScenarioRequest>? with = null)
    {
        var request = new ScenarioRequest(Write(name, text));
        return ScenarioRun.RunAsync(ScenarioFile.Load(with?.Invoke(request) ?? request, _ => { }), null,
            TimeProvider.System, CancellationToken.None);
    }

    /// <summary>Answers by path: <paramref name="answer"/> gives the whole of it.</summary>
    private RawServer Server(Func<string, string, string> answer) => new(async (socket, request) =>
    {
        _seen.Enqueue(request.Text);
        var line = request.Text.Split("\r\n")[0];
        await socket.SendAsync(Encoding.ASCII.GetBytes(answer(line, request.Text)));
    });

    private static string Answer(string status, string body = "", params string[] headers) =>
        $"HTTP/1.1 {status}\r\n{string.Concat(headers.Select(h => h + "\r\n"))}" +
        $"Content-Length: {body.Length}\r\n\r\n{body}";

    [Fact]
    public async Task Users_do_the_steps_in_order_with_what_they_extracted_and_their_own_cookies()
    {
        var sessions = 0;
        await using var server = Server((line, text) => line.Split(' ')[1] switch
        {
            "/login" => Answer("200 OK", "{\"token\": \"t" + Field(text, "X-User") + "\"}",
                $"Set-Cookie: session={Interlocked.Increment(ref sessions)}; Path=/", "Set-Cookie: b=2"),
            _ => Answer("201 Created", "done"),
        });
        Write("users.csv", "name\nann\nbob\n");
        var result = await RunAsync("load.yaml", $$"""
            target: {{server.Url}}
            profile: { users: 2, iterations: 3 }
            data: { file: users.csv, per: user }
            steps:
              - { path: /first, once: true, checks: { status: 201, within: 10s } }
              - path: /login
                headers: { X-User: "${name}" }
                checks: { status: 200, json: { $.token: "t${name}" } }
                extract: { token: { json: $.token } }
              - name: order
                path: /orders
                body: '{"by": "${token}"}'
                checks: { status: 201, body: done }
            thresholds:
              http_req_failed: ["rate<0.01"]
              checks: ["rate==1"]
              "http_req_duration{step:order}": ["p(99)<5000"]
              iterations: ["count==6"]
            """);
        Assert.True(result.Verdict.Ruling == LoadRuling.Passed, string.Join('\n', ScenarioReport.Lines(result,
            result.Scenario!)));
        Assert.Equal((14, 6, 2), (result.Total.Ok, result.Scenario!.Iterations, result.Scenario.MostUsers));
        Assert.Equal([("GET /first", 2L), ("GET /login", 6L), ("order", 6L)], result.Classes.Select(c =>
            (c.Name, c.Ok)));
        Assert.Equal([2, 2, 6, 6, 6, 6], result.Scenario.Checks.Select(check => (int)check.Held));
        Assert.All(result.Scenario.Checks, check => Assert.Equal(0, check.Wrong));
        var orders = _seen.Where(text => text.StartsWith("POST /orders")).ToList();
        Assert.Equal(3, orders.Count(text => text.EndsWith("{\"by\": \"tann\"}")));
        Assert.Equal(3, orders.Count(text => text.EndsWith("{\"by\": \"tbob\"}")));
        Assert.All(orders, text => Assert.Matches(@"Cookie: (session=\d; b=2|b=2; session=\d)\r\n", text));
        // Each iteration logs in anew, with the cookie of the same user's last one.
        Assert.Equal(2, _seen.Count(text => text.StartsWith("GET /login") && !text.Contains("Cookie:")));
    }

    [Fact]
    public async Task What_does_not_hold_is_told_with_its_value_and_exits_with_1()
    {
        await using var server = Server((line, _) =>
            line.Contains("/a") ? Answer("200 OK", "no token") : Answer("500 Oh"));
        var result = await RunAsync("load.yaml", $$"""
            target: {{server.Url}}
            profile: { rate: 20, duration: 1s }
            steps:
              - { path: /b, name: b }
              - { path: /a, name: a, checks: { body: tea }, extract: { token: { regex: "token=(.+)" } } }
              - { path: "/c${token}", name: c }
            thresholds:
              http_req_failed: ["rate<0.5", "rate<=0.5"]
              checks: ["rate>0.99"]
              "http_reqs{step:c}": ["count==0"]
            """);
        Assert.Equal((LoadRuling.Failed, 1), (result.Verdict.Ruling, result.Verdict.ExitCode));
        Assert.Equal("2 of 4 thresholds did not hold: http_req_failed rate<0.5: 0.5; checks rate>0.99: 0",
            result.Verdict.Because);
        Assert.Equal((20, 0), (result.Scenario!.Stopped, result.Scenario.Iterations));
        Assert.Equal("20 Check, 20 HTTP 500", string.Join(", ", result.Total.Troubles));
        Assert.Contains(result.Examples, e => e.What == "body tea: contains 'tea', and it is 'no token'");
        Assert.Contains("\"thresholds\": [", LoadJson.Write(result));
        var read = LoadJson.Read(LoadJson.Write(result)).Scenario!;
        Assert.Equal((result.Scenario.Thresholds, result.Scenario.Checks), (read.Thresholds, read.Checks));
    }

    [Fact]
    public async Task Users_come_and_go_with_the_profile_and_think()
    {
        await using var server = Server((_, _) => Answer("200 OK"));
        var result = await RunAsync("load.yaml", $$"""
            target: {{server.Url}}
            profile: { users: ["0..100 2s", "100 1s"] }
            think: 500ms
            steps: [ { path: / } ]
            """);
        // 100 users over 1 s on average during the rise of 2 s, and 1 s: 200 user-seconds at two requests a second.
        Assert.InRange(result.Total.Sent, 350, 460);
        Assert.Equal((0, 100), (result.Total.Bad, result.Scenario!.MostUsers));
        Assert.InRange(result.Elapsed, TimeSpan.FromSeconds(2.4), TimeSpan.FromSeconds(3.5));
        var perSecond = result.Seconds.Select(s => s.Sent).ToList();
        Assert.InRange(perSecond[2], 150, 250);
        Assert.True(perSecond[0] < perSecond[1] && perSecond[1] < perSecond[2], string.Join(' ', perSecond));
    }

    [Fact]
    public async Task Redirects_are_followed_when_asked_for_and_data_may_come_to_an_end()
    {
        await using var server = Server((line, _) => line.Split(' ')[1] switch
        {
            "/from?n=1" or "/from?n=2" => Answer("302 Found", "", "Location: /to"),
            _ => Answer("200 OK", "there"),
        });
        Write("n.jsonl", "{\"n\": 1}\n{\"n\": 2}\n");
        var result = await RunAsync("load.yaml", $$"""
            target: {{server.Url}}
            profile: { users: 1, iterations: 100 }
            data: { file: n.jsonl, end: stop }
            steps:
              - { path: /from, query: { n: "${n}" }, follow: true, checks: { body: there } }
              - { path: /from, query: { n: "${n}" }, checks: { status: 302, header: { location: /to } } }
            """);
        Assert.Equal((4, 4), (result.Total.Sent, result.Total.Ok));
        Assert.Equal(2, _seen.Count(text => text.StartsWith("GET /to ")));
    }

    [Fact]
    public void A_file_that_is_wrong_sends_nothing_and_says_where()
    {
        var file = Write("load.yaml", "target: http://x\nprofile: { rate: 1, duration: 1s }\n" +
            "data: none.csv\nsteps:\n  - pth: /a\n");
        var failure = Assert.Throws<CommandFailure>(() => ScenarioFile.Load(new ScenarioRequest(file), _ => { }));
        Assert.Equal(Exit.Arguments, failure.ExitCode);
        Assert.Contains($"{file}:5:5: 'pth' is not a key of a step. write 'path'.", failure.Message);
        var data = Write("load.yaml", "target: http://x\nprofile: { rate: 1, duration: 1s }\n" +
            "data: none.csv\nsteps:\n  - path: /a\n");
        failure = Assert.Throws<CommandFailure>(() => ScenarioFile.Load(new ScenarioRequest(data), _ => { }));
        Assert.Contains(":3:7: ", failure.Message);
        Assert.Contains("none.csv: there is no such file", failure.Message);
    }

    private static string Field(string text, string name) => text.Split("\r\n")
        .First(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];
}
