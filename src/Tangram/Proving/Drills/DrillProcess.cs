using System.Globalization;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>A drill that is held by its schedule: `tangram drill` in a session of its own, which outlives the daemon,
/// with its output in drill.log in the state folder.</summary>
internal sealed class DrillProcess : IDisposable
{
    private readonly int _pid;
    private readonly string _log;

    private DrillProcess(string drill, ulong seed, int pid, string log) =>
        (Drill, Seed, _pid, _log) = (drill, seed, pid, log);

    public string Drill { get; }
    public ulong Seed { get; }

    /// <summary>Throws <see cref="IOException"/> when it cannot be started.</summary>
    public static DrillProcess Start(ScheduledDrillSpec drill, FaultPlace place)
    {
        var (seed, log) = (DrillGround.AnySeed(), Path.Combine(place.Folder, "drill.log"));
        // Of the last one alone: the history has the others.
        File.Delete(log);
        var program = Environment.ProcessPath!;
        string[] argv =
        [
            program,
            // Started as `dotnet tangram.dll`, the program is the runtime and we are its first argument.
            .. Path.GetFileNameWithoutExtension(program) == "dotnet"
                ? (string[])[Path.GetFullPath(Environment.GetCommandLineArgs()[0])] : [],
            "drill", drill.Drill, "--seed", seed.ToString(CultureInfo.InvariantCulture),
            "--at-most", drill.AtMost.ToString().ToLowerInvariant(),
        ];
        string[] ours = ["TANGRAM_HOST", "TANGRAM_STATE"];
        Variable[] environment =
        [
            .. ProcessStat.EnvironmentOf(Environment.ProcessId).Select(entry => entry.Split('=', 2))
                .Where(pair => pair.Length == 2 && !ours.Contains(pair[0]))
                .Select(pair => new Variable(pair[0], pair[1])),
            new Variable(ours[0], place.Socket), new Variable(ours[1], Path.GetDirectoryName(place.Folder)!),
        ];
        using var input = Descriptors.Null();
        using var output = Descriptors.Append(log);
        var pid = Spawn.Start(program, argv, environment, "/", input.Number(), output.Number());
        return pid > 0 ? new DrillProcess(drill.Drill, seed, pid, log)
            : throw new IOException($"{program} cannot be started a second time (errno {-pid})");
    }

    /// <summary>It is gone, and was reaped.</summary>
    public bool Ended() => ExitStatus.Reap(_pid) is not null || ProcessStat.Read(_pid) is null or { Ended: true };

    /// <summary>The last line of what it printed.</summary>
    public string LastWords()
    {
        try
        {
            return File.ReadLines(_log).LastOrDefault(line => line.Trim() != "") ?? $"it said nothing in {_log}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>It goes on all the same.</summary>
    public void Dispose() => ExitStatus.Reap(_pid);
}
