using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tangram.Coordinating;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>This test program run a second time as a process that writes to a store until it is killed, and says on its
/// standard output, line by line, what each write was answered.</summary>
internal static class StoreWriter
{
    private const string File = "TANGRAM_TEST_STORE_FILE";
    private const string First = "TANGRAM_TEST_STORE_FIRST";
    private const int Writers = 8;
    private const int WritesEach = 400;

    /// <param name="first">The number of the first write, so that keys of several runs differ.</param>
    /// <param name="mostKilobytes">No file may grow beyond it, as on a full disk; 0 for no limit.</param>
    public static Process Start(string file, int first, int mostKilobytes = 0)
    {
        var limit = mostKilobytes == 0 ? "" : $"trap '' XFSZ; ulimit -f {mostKilobytes * 2}; ";
        var start = new ProcessStartInfo("/bin/sh", ["-c", limit + "exec \"$0\"", Self])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[File] = file;
        start.Environment[First] = $"{first}";
        // The runtime maps its own code through a file that the limit would hit.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return Process.Start(start)!;
    }

    private static string Self => Path.Combine(AppContext.BaseDirectory, "Tangram.ClusterTests");

    /// <summary>Before the test runner starts, since that has no way to run anything but tests. Other threads cannot
    /// run this assembly's code until it returns, so all of it is on this one.</summary>
    [ModuleInitializer]
    internal static void RunInsteadOfTests()
    {
        if (Environment.GetEnvironmentVariable(File) is not { } file) return;
        Run(file, int.Parse(Environment.GetEnvironmentVariable(First)!));
        // Without closing the store, as when killed.
        Process.GetCurrentProcess().Kill();
    }

    private static void Run(string file, int first)
    {
        var store = SqliteStore.OpenAsync(file, TimeProvider.System).GetAwaiter().GetResult();
        var keys = new string[Writers];
        var writes = new Task<TxnAnswer>[Writers];
        for (var i = 0; i < WritesEach * Writers; i++)
        {
            var writer = i < Writers ? i : Task.WaitAny(writes);
            if (i >= Writers) Say(writes[writer], keys[writer]);
            keys[writer] = $"{first + i:00000}";
            writes[writer] = store.CommitAsync(new Txn
            {
                Then =
                [
                    new StoreOp.Put("left/" + keys[writer], new string('x', 2_000)),
                    new StoreOp.Put("right/" + keys[writer], ""),
                ],
            });
        }
        for (var writer = 0; writer < Writers; writer++) Say(writes[writer], keys[writer]);
    }

    private static void Say(Task<TxnAnswer> answered, string key)
    {
        Console.Out.WriteLine($"{answered.GetAwaiter().GetResult().Status} {key}");
        Console.Out.Flush();
    }
}
