using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Tangram.Bench;

/// <summary>How long somebody waits for a look at a cluster, from the shell's fork to the program's end, by turns with
/// what other tools take to list twelve containers, and with the least that a program on this platform takes.</summary>
internal static class CommandsBench
{
    private const int Rounds = 30, WarmUp = 3, Containers = 12;
    private const double MostMilliseconds = 300;

    private sealed record Contender(string Name, string Program, string[] Arguments)
    {
        public List<double> Took { get; } = [];

        /// <summary>The p-th part of the sorted times, by the nearest rank.</summary>
        public double At(double p) => Took.Order().ElementAt((int)Math.Ceiling(p * Took.Count) - 1);
    }

    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tangram-commands-").FullName;
        Environment.SetEnvironmentVariable("TANGRAM_STATE", Path.Combine(folder, "state"));
        var tangram = Path.GetFullPath("tangram");
        var file = Path.Combine(folder, "compose.yaml");
        WriteShop(file);
        string[] podman = ["--root", $"{folder}/podman", "--runroot", $"{folder}/podman-run",
            "--storage-driver", "vfs"];
        try
        {
            await DoAsync(tangram, "up", "-f", file, "--detach");
            Contender[] contenders =
            [
                new("./tangram ps", tangram, ["ps", "-f", file]),
                new("./tangram status", tangram, ["status", "-f", file]),
                new("hello world, the same runtime", await HelloAsync(folder), []),
                .. await PodmanAsync(folder, podman), .. await DockerAsync(),
            ];
            foreach (var round in Enumerable.Range(-WarmUp, WarmUp + Rounds))
                foreach (var contender in contenders)
                {
                    var took = await TimeAsync(contender.Program, contender.Arguments);
                    if (round >= 0) contender.Took.Add(took);
                }
            Print(contenders);
            return contenders[..2].All(c => c.At(0.95) < MostMilliseconds) ? 0 : 1;
        }
        finally
        {
            await RunAsync(tangram, "down", "-f", file);
            if (Has("podman")) await RunAsync("podman", [.. podman, "rm", "--all", "--force"]);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(Contender[] contenders)
    {
        var peer = contenders.FirstOrDefault(c => c.Program == "podman");
        Console.WriteLine($"{Rounds} rounds by turns, {Environment.ProcessorCount} cores; goal: p95 below " +
                          $"{MostMilliseconds:0} ms");
        foreach (var c in contenders)
            Console.WriteLine($"{c.Name,-32} median {c.At(0.5),4:0} ms, p95 {c.At(0.95),4:0} ms" +
                (peer is null ? "" : $", {c.At(0.5) / peer.At(0.5):0.0} times {peer.Name}"));
    }

    /// <summary>The shop of the examples, at a port that is free.</summary>
    private static void WriteShop(string file)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        File.WriteAllText(file, File.ReadAllText("examples/shop/compose.yaml")
            .Replace("files: bin/", $"files: {Path.GetFullPath("examples/shop/bin")}/")
            .Replace("127.0.0.1:8080", listener.LocalEndpoint.ToString()));
    }

    private static async Task<string> HelloAsync(string folder)
    {
        var hello = Directory.CreateDirectory(Path.Combine(folder, "hello")).FullName;
        await File.WriteAllTextAsync(Path.Combine(hello, "Hello.cs"), "System.Console.WriteLine(\"hello\");");
        await File.WriteAllTextAsync(Path.Combine(hello, "Hello.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <OutputType>Exe</OutputType>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
            </Project>
            """);
        await DoAsync("dotnet", "build", hello, "-c", "Release", "-o", Path.Combine(hello, "out"));
        return Path.Combine(hello, "out", "Hello");
    }

    /// <summary>Containers that were made and not started, for which no image is needed: they are read from the same
    /// place, and listed in the same way.</summary>
    private static async Task<Contender[]> PodmanAsync(string folder, string[] storage)
    {
        if (!Has("podman")) return Absent("podman ps", "there is no podman here");
        var root = Directory.CreateDirectory(Path.Combine(folder, "root")).FullName;
        foreach (var i in Enumerable.Range(1, Containers))
            await DoAsync("podman", [.. storage, "create", "--network", "none", "--name", $"c{i}", "--rootfs", root,
                "/bin/true"]);
        return [new("podman ps --all", "podman", [.. storage, "ps", "--all"])];
    }

    private static async Task<Contender[]> DockerAsync()
    {
        if (!Has("docker") || (await RunAsync("docker", "compose", "ls")).Code != 0)
            return Absent("docker compose ps", "there is no docker with compose and a daemon here");
        return [new("docker compose ps", "docker", ["compose", "-f", "examples/anything/compose.yaml", "ps"])];
    }

    private static Contender[] Absent(string what, string because)
    {
        Console.WriteLine($"{what}: not measured, {because}");
        return [];
    }

    private static bool Has(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<double> TimeAsync(string program, string[] arguments)
    {
        var begun = Stopwatch.GetTimestamp();
        await DoAsync(program, arguments);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    private static async Task DoAsync(string program, params string[] arguments)
    {
        if (await RunAsync(program, arguments) is { Code: not 0 } failed)
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {failed.Code}: {failed.Said}");
    }

    private static async Task<(int Code, string Said)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(said));
    }
}
