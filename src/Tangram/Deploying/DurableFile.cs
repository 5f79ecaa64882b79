using System.Text;

namespace Tangram.Deploying;

/// <summary>A file that is either as it was or as it shall be, whenever the power goes.</summary>
internal static class DurableFile
{
    /// <summary>Writes beside it, syncs, renames into place and syncs the folder. Owner-only. Throws
    /// <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>; then the old content is still
    /// there.</summary>
    public static void Write(string path, string text, bool durable = true)
    {
        var beside = path + ".new";
        using (var file = new FileStream(beside, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: durable);
        }
        File.Move(beside, path, overwrite: true);
        if (durable) SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncFolder(string folder)
    {
        using var handle = Descriptors.Opened(folder, 0);
        if (Native.Fsync(handle.Number()) != 0) throw new IOException($"{folder} could not be synced: {Native.Why}");
    }
}
