using Tangram.Deploying;

namespace Tangram.Observing.Doctoring;

internal static class DiskReading
{
    /// <summary>As many as show the middle; at 10 ms each they take half a second.</summary>
    private const int Writes = 50;
    private const int Block = 4096;

    public static DiskFacts Of(string stateRoot, TimeProvider clock)
    {
        var folder = Path.GetFullPath(stateRoot);
        while (!Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        var drive = new DriveInfo(folder);
        var (free, all) = Native.Inodes(folder);
        var (sync, refused) = Synced(Path.Combine(folder, $".tangram-doctor-{Environment.ProcessId}"), clock);
        return new DiskFacts(folder, drive.DriveFormat, refused, drive.AvailableFreeSpace, drive.TotalSize, free, all,
            sync);
    }

    private static ((TimeSpan, TimeSpan)? Sync, string? Refused) Synced(string path, TimeProvider clock)
    {
        try
        {
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0,
                Options = FileOptions.DeleteOnClose,
            });
            var took = new TimeSpan[Writes];
            for (var write = 0; write < Writes; write++)
            {
                var begun = clock.GetTimestamp();
                file.Write(new byte[Block]);
                file.Flush(flushToDisk: true);
                took[write] = clock.GetElapsedTime(begun);
            }
            Array.Sort(took);
            return ((took[Writes / 2], took[^1]), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, e.Message.TrimEnd('.'));
        }
    }
}
