using Google.Protobuf;
using Tangram.Deploying;

namespace Tangram.Coordinating.Link;

/// <summary>A folder of a revision's files as it goes over a link. The receiver hashes what it got, so nothing here
/// need be trusted.</summary>
internal static class FolderParts
{
    private const int Block = 256 * 1024;

    public static async Task SendAsync(string folder, Func<Wire.FilesPart, Task> send)
    {
        var buffer = new byte[Block];
        foreach (var entry in FolderContent.List(folder, new FilesLimits()))
        {
            await send(new Wire.FilesPart
            {
                Path = entry.Relative, Kind = (int)entry.Kind, Mode = (int)entry.Mode, Target = entry.Target,
            }).ConfigureAwait(false);
            if (entry.Kind != FolderContent.Kind.File) continue;
            using var file = File.OpenHandle(Path.Combine(folder, entry.Relative));
            for (long at = 0; await RandomAccess.ReadAsync(file, buffer, at).ConfigureAwait(false) is > 0 and var read;
                at += read)
                await send(new Wire.FilesPart { Content = ByteString.CopyFrom(buffer, 0, read) }).ConfigureAwait(false);
        }
    }

    /// <summary>Makes in <paramref name="folder"/>, which is empty, what is sent. Throws <see cref="IOException"/> for
    /// a part that would lie outside. Links are made last, so that nothing is written through one.</summary>
    public static async Task ReceiveAsync(string folder, IAsyncEnumerable<Wire.FilesPart> parts)
    {
        FileStream? file = null;
        var modes = new List<(string Path, UnixFileMode Mode)>();
        var links = new List<(string Path, string Target)>();
        try
        {
            await foreach (var part in parts.ConfigureAwait(false))
            {
                if (part.Path == "")
                {
                    if (file is null) throw new IOException("content came before its file");
                    await file.WriteAsync(part.Content.Memory).ConfigureAwait(false);
                    continue;
                }
                if (file is not null) await file.DisposeAsync().ConfigureAwait(false);
                file = null;
                var path = Path.GetFullPath(part.Path, folder);
                if (!path.StartsWith(folder + '/', StringComparison.Ordinal))
                    throw new IOException($"'{part.Path}' lies outside of the folder that was asked for");
                switch ((FolderContent.Kind)part.Kind)
                {
                    case FolderContent.Kind.Folder: Directory.CreateDirectory(path); break;
                    case FolderContent.Kind.Link: links.Add((path, part.Target)); break;
                    default:
                        file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                        modes.Add((path, (UnixFileMode)part.Mode));
                        break;
                }
            }
        }
        finally
        {
            if (file is not null) await file.DisposeAsync().ConfigureAwait(false);
        }
        foreach (var (path, mode) in modes) File.SetUnixFileMode(path, mode);
        foreach (var (path, target) in links) File.CreateSymbolicLink(path, target);
    }
}
