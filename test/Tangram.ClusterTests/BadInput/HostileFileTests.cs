using System.Diagnostics;
using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests.BadInput;

/// <summary>What the built program does with paths that are no plain files, and with files that are made to exhaust it:
/// a sentence and exit code 2, or an answer, soon and in little memory.</summary>
[Collection(nameof(Alone))]
public sealed class HostileFileTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);
    private const double MostMegabytes = 1000;
    private const string Web = "services: { web: { command: x } }\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-hostile-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("tangram config -f /dev/zero", 2, "/dev/zero: the file has more than 10 MB")]
    [InlineData("tangram ps -f /dev/zero", 2, "/dev/zero: the file has more than 10 MB")]
    [InlineData("tangram config -f .", 2, "there is no file")]
    [InlineData("mkfifo p; (echo 'services: { web: { command: x } }' > p &); tangram config -f p", 0, "web")]
    [InlineData("tangram config -f <(sleep 1; cat compose.yaml)", 0, "web")]
    [InlineData("tangram config --env-file /dev/null", 0, "web")]
    [InlineData("truncate -s 100M big; tangram config --env-file big", 2, "big: the file has more than 10 MB")]
    [InlineData("truncate -s 100M big; tangram ps -f big", 2, "big: the file has more than 10 MB")]
    [InlineData("ln -s loop loop; tangram config --env-file loop", 2, "loop: the file cannot be read: too many levels")]
    [InlineData("printf 'a\\0b' > compose.yaml; tangram config", 2, "compose.yaml:1:2: there is a control character")]
    [InlineData("printf '\\xEF\\xBB\\xBF' | cat - compose.yaml > bom.yaml; tangram config -f bom.yaml", 0, "web")]
    [InlineData("for i in $(seq 2000); do echo -f compose.yaml; done | xargs tangram config", 2, "the most is 1000")]
    [InlineData("tangram config -f $(head -c 5000 /dev/zero | tr '\\0' a)", 2, "there is no file")]
    [InlineData("printf 'secrets: { s: { file: /dev/zero } }\\nservices: { web: { command: x, secrets: [s] } }' > " +
        "compose.yaml; tangram config", 2, "compose.yaml:1:23: /dev/zero: the file has more than 0.5 MB")]
    [InlineData("printf 'services: { web: { command: x, deploy: { mode: replicated-job }, x-tangram: { schedule: " +
        "{ cron: \"* * * * *\", time_zone: ../../../dev/zero } } } }' > compose.yaml; tangram config", 2,
        "which this machine does not know")]
    public async Task A_path_that_is_no_plain_file_is_read_or_told(string line, int code, string told)
    {
        File.WriteAllText(Path.Combine(_folder, "compose.yaml"), Web);
        await HoldsAsync(line, code, told);
    }

    /// <summary>Each is waited for, so they are at the same time.</summary>
    [Fact]
    public Task A_pipe_without_an_end_is_given_up() => Task.WhenAll(
        HoldsAsync("mkdir f; cd f; mkfifo p; tangram config -f p", 2,
            "p: this is a pipe or a device, and its end did not come in time"),
        HoldsAsync($"mkdir e; cd e; printf '{Web.Trim()}' > compose.yaml; mkfifo .env; tangram config", 2,
            "this is a pipe or a device"),
        HoldsAsync("mkdir i; cd i; printf 'include: [p]' > compose.yaml; mkfifo p; tangram config", 2,
            "compose.yaml:1:11: "));

    [Theory]
    [InlineData("wide", "values")]
    [InlineData("long", "characters")]
    [InlineData("deep", "nested more than 100 levels")]
    [InlineData("services", "name: \"many\"")]
    public async Task A_file_of_ten_megabytes_is_answered_in_little_memory(string kind, string told)
    {
        File.WriteAllText(Path.Combine(_folder, "compose.yaml"), kind switch
        {
            "wide" => Web + "x-a: [" + string.Concat(Enumerable.Repeat("a,", 4_900_000)) + "]\n",
            "long" => Web + $"x-a: &a {new string('a', 9_000_000)}\nx-b: [*a, *a, *a]\n",
            "deep" => Web + "x-a: " + new string('[', 9_000_000),
            _ => "name: many\nservices:\n" + string.Concat(Enumerable.Range(0, 10_000).Select(n =>
                $"  s{n}:\n    command: [serve, x]\n    environment: {{ A: '{new string('a', 880)}' }}\n")),
        });
        await HoldsAsync("tangram config", kind == "services" ? 0 : 2, told);
    }

    private async Task HoldsAsync(string line, int code, string told)
    {
        // The shell becomes the last command, so that its process is the one that is measured.
        var cut = line.LastIndexOf("tangram", StringComparison.Ordinal);
        var typed = line.Contains('|') ? line : line[..cut] + "exec " + line[cut..];
        var start = new ProcessStartInfo("bash", ["-c", typed]) { WorkingDirectory = _folder };
        start.Environment["PATH"] = $"{Path.GetDirectoryName(ShopCluster.Binary)}:{start.Environment["PATH"]}";
        start.Environment["TANGRAM_STATE"] = Path.Combine(_folder, "state");
        var begun = Stopwatch.GetTimestamp();
        using var child = new Child(start);
        var (ending, peak) = (child.EndAsync(Patience), 0.0);
        while (!ending.IsCompleted)
        {
            peak = Math.Max(peak, Peak(child.Pid));
            await Task.WhenAny(ending, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }
        var ended = await ending;
        output.WriteLine($"{Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s, peak {peak:0} MB");
        // xargs has its own code for a command that failed.
        Assert.True(ended == code || (line.Contains("xargs") && ended == 123), $"{ended}: {child.Printed}");
        Assert.Contains(told, child.Printed);
        Assert.True(peak < MostMegabytes, $"{peak:0} MB");
        // Nothing is half applied.
        Assert.False(Directory.Exists(Path.Combine(_folder, "state")));
    }

    /// <summary>The most memory that the process has held so far, in MB; 0 when it has gone.</summary>
    private static double Peak(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status")
                .FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            var digits = string.Concat((line ?? "0").Where(char.IsAsciiDigit));
            return long.Parse(digits, CultureInfo.InvariantCulture) / 1024.0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
