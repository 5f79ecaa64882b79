using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Proving;

/// <summary>One replica of the shop, run by hand.</summary>
internal sealed class ShopReplica : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly Process _process;

    public ShopReplica(string folder, string program, params (string Name, string Value)[] environment)
    {
        var port = FreePort.Take();
        Url = new Uri($"http://127.0.0.1:{port}/");
        var start = new ProcessStartInfo("dotnet", [program])
        {
            WorkingDirectory = Path.Combine(Root(), "examples", "shop", "bin", folder),
            RedirectStandardError = true,
        };
        start.Environment["PORT"] = $"{port}";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
    }

    public static ShopReplica Order(string version, params (string Name, string Value)[] environment) =>
        new($"order-{version}", "Order.dll", environment);

    public Uri Url { get; }

    public async Task ListenAsync()
    {
        using var http = new HttpClient();
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var _ = await http.GetAsync(new Uri(Url, "healthz"));
                return;
            }
            catch (HttpRequestException) when (watch.Elapsed < Deadline && !_process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    /// <summary>Asks it to end, by the signal that Tangram uses.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end by itself.</summary>
    public async Task<(int Exit, string Errors)> EndAsync()
    {
        var errors = await _process.StandardError.ReadToEndAsync().WaitAsync(Deadline);
        await _process.WaitForExitAsync().WaitAsync(Deadline);
        return (_process.ExitCode, errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Tangram.slnx"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
