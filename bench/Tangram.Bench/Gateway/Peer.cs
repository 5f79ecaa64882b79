using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tangram.Bench.Gateway;

/// <summary>A gateway under test: real processes that listen on loopback.</summary>
internal sealed class Peer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>USER_HZ, which Linux fixes at 100 on every common architecture.</summary>
    private const double TicksPerSecond = 100;

    private readonly Process _process;

    private Peer(string name, int port, Process process) => (Name, Port, _process) = (name, port, process);

    public string Name { get; }
    public int Port { get; }
    public string Url => $"http://127.0.0.1:{Port}/";

    /// <summary>Starts it, and returns when it answers.</summary>
    public static async Task<Peer> StartAsync(string name, int port, string state, string program,
        params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["TANGRAM_STATE"] = state;
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var peer = new Peer(name, port, process);
        using var http = new HttpClient();
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < Patience;)
        {
            if (process.HasExited) throw new InvalidOperationException($"{name} ended: {await errors}");
            try
            {
                using var answer = await http.GetAsync(peer.Url);
                if (answer.StatusCode == HttpStatusCode.OK) return peer;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await looks.WaitForNextTickAsync();
        }
        peer.Dispose();
        throw new InvalidOperationException($"{name} does not answer at {peer.Url}");
    }

    /// <summary>The CPU time that it and its children have used, without replicas, which live in sessions of their
    /// own.</summary>
    public TimeSpan Cpu() => TimeSpan.FromSeconds(Family(_process.Id).Sum(Ticks) / TicksPerSecond);

    /// <summary>Proportional set size, in bytes.</summary>
    public long Memory() => Family(_process.Id).Sum(Pss);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            using (var kill = Process.Start("kill", [_process.Id.ToString(CultureInfo.InvariantCulture)]))
                kill.WaitForExit();
            if (!_process.WaitForExit(Patience)) _process.Kill();
        }
        _process.Dispose();
    }

    public static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private static IEnumerable<int> Family(int pid)
    {
        var session = Stat(pid)[3];
        return Children(pid).Where(child => Stat(child)[3] == session).SelectMany(Family).Prepend(pid);
    }

    private static IEnumerable<int> Children(int pid) => File.ReadAllText($"/proc/{pid}/task/{pid}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => int.Parse(c, CultureInfo.InvariantCulture));

    /// <summary>The fields of proc_pid_stat(5) from the third, the state, on.</summary>
    private static string[] Stat(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static long Ticks(int pid) => Stat(pid) is var fields
        ? long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)
        : 0;

    private static long Pss(int pid) => 1024 * File.ReadLines($"/proc/{pid}/smaps_rollup")
        .Where(line => line.StartsWith("Pss:", StringComparison.Ordinal))
        .Select(line =>
            long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))
        .Single();
}
