using System.Diagnostics;
using System.Runtime.InteropServices;
using Tangram.Observing;
using Tangram.Planning.Composing;

namespace Tangram.Cli;

/// <summary>Starts this program again as a daemon, in a session of its own, with its output in the state folder, and
/// waits until the cluster is ready.</summary>
internal sealed partial class Detached(CommandContext context)
{
    /// <summary>Hidden; the daemon is started with it.</summary>
    public const string Option = "--daemon";
    private const string LogName = "tangram.log";
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly Surroundings _around = context.Around;

    public async Task<int> StartAsync(ComposeRequest request, ClusterPlace place, bool replaces,
        CancellationToken cancellation)
    {
        var begun = _around.Clock.GetTimestamp();
        var log = Path.Combine(place.Folder!, LogName);
        var logged = File.Exists(log) ? new FileInfo(log).Length : 0;
        using var daemon = Process.Start(Again(request, replaces))
            ?? throw new CommandFailure(Exit.Failed, "this program could not be started a second time");
        var progress = new Progress(_around);
        while (!daemon.HasExited)
        {
            if (await StatusAsync(place, cancellation) is { } status)
            {
                progress.Show(StatusText.Going(status));
                if (status.Ready)
                {
                    progress.Clear();
                    _around.Print($"ready in {Duration.Words(_around.Clock.GetElapsedTime(begun))}, pid {daemon.Id}; " +
                                          $"output in {log}");
                    foreach (var gateway in status.Gateways) _around.Print($"gateway: {gateway.Address}");
                    return Exit.Done;
                }
                if (status.Rollout is { Stage: "failed" or "paused" } bad)
                    throw new CommandFailure(Exit.Failed, StatusText.Sentence(bad) + ". It still runs: `tangram why " +
                        $"{status.Cluster}` says more, `tangram down` stops it");
            }
            await _around.PauseAsync(Every, cancellation);
        }
        progress.Clear();
        throw new CommandFailure(daemon.ExitCode == 0 ? Exit.Failed : daemon.ExitCode, Said(log, logged));
    }

    /// <summary>Leaves the terminal: a session of our own, nothing to read, all output appended to the log.</summary>
    public static void Enter(string folder)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(folder, ownerOnly);
        var log = Path.Combine(folder, LogName);
        var (input, output) = (Open("/dev/null", 0, 0), Open(log, WriteOnly | Create | Append, 0b110_000_000));
        if (input < 0 || output < 0)
            throw new CommandFailure(Exit.Failed, $"{log} cannot be written: {Marshal.GetLastPInvokeErrorMessage()}");
        // Fails only when we lead a process group, which a child that was just started does not.
        _ = NewSession();
        _ = Duplicate(input, 0);
        _ = Duplicate(output, 1);
        _ = Duplicate(output, 2);
        _ = Close(input);
        _ = Close(output);
        // The console holds copies of what standard output and error were when it was first used.
        Console.SetOut(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
        Console.SetError(new StreamWriter(Console.OpenStandardError()) { AutoFlush = true });
    }

    private static ProcessStartInfo Again(ComposeRequest request, bool replaces)
    {
        // Pipes that end with us: our own output must not stay open as long as the daemon runs, or whoever reads it to
        // its end would wait for that.
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        // Started as `dotnet tangram.dll`, the program is the runtime and we are its first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        string[] arguments =
        [
            "up", Option, .. request.Files.SelectMany(f => (string[])["--file", f]),
            .. request.EnvFiles.SelectMany(f => (string[])["--env-file", f]),
            .. request.Profiles.SelectMany(p => (string[])["--profile", p]),
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        if (replaces) start.ArgumentList.Add("--replace");
        return start;
    }

    private static async Task<StatusView?> StatusAsync(ClusterPlace place, CancellationToken cancellation)
    {
        // The daemon may have chosen another path for its socket than the one that was there before it.
        var now = place with { Address = SocketPlace.Of(Path.GetDirectoryName(place.Folder)!, place.Name!) };
        if (!ClusterFinder.Answers(now.Address)) return null;
        using var client = new ClusterClient(now);
        try { return await client.GetAsync<StatusView>("/v1/status", cancellation); }
        catch (CommandFailure) { return null; }
    }

    private static string Said(string log, long from)
    {
        if (!File.Exists(log)) return $"the daemon ended at once, and wrote nothing to {log}";
        using var text = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        text.BaseStream.Seek(from, SeekOrigin.Begin);
        return $"the daemon ended. It said, in {log}:\n" +
               string.Join('\n', text.ReadToEnd().TrimEnd().Split('\n').TakeLast(20));
    }

    private const int WriteOnly = 0x1, Create = 0x40, Append = 0x400;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int NewSession();
}
