using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class HealthCheckerTests : IDisposable
{
    private readonly Poller _poller = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-test-").FullName;

    public void Dispose()
    {
        _poller.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Exit_code_0_is_healthy() => Assert.Equal(ProbeAnswer.Yes, await Check("exit 0"));

    [Fact]
    public async Task Another_is_not_and_its_last_output_says_why()
    {
        Assert.Equal("the healthcheck ended with exit code 3: stock is gone",
            (await Check("echo stock is gone >&2; exit 3")).Because);
        const string chatty = "head -c 1000000 /dev/zero | tr '\\0' x; echo the end; exit 1";
        Assert.EndsWith("the end", (await Check(chatty)).Because);
    }

    [Fact]
    public async Task One_that_does_not_end_is_killed_with_its_group()
    {
        var answer = await Check("sleep 100 & echo $! > left; sleep 100", TimeSpan.FromMilliseconds(300));
        Assert.Equal("the healthcheck did not end within 0.3 s", answer.Because);
        var left = int.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "left")));
        await Eventually.True(() => !Node.Lives(left), "the end of what the healthcheck started");
    }

    [Fact]
    public async Task It_sees_the_replicas_variables() => Assert.True((await Check("test \"$PORT\" = 20123")).Ready);

    [Fact]
    public async Task Many_at_once_all_answer()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Check($"echo {i}; exit {i % 2}")));
        Assert.Equal(25, answers.Count(answer => answer.Ready));
        Assert.EndsWith(": 7", answers[7].Because);
    }

    private Task<ProbeAnswer> Check(string script, TimeSpan? timeout = null) =>
        new HealthChecker("test", _poller, TimeProvider.System).CheckAsync(
            new HealthcheckSpec { Test = ["/bin/sh", "-c", script], Timeout = timeout ?? TimeSpan.FromSeconds(15) },
            Node.Order, _folder, [new Variable("PORT", "20123")], default);
}
