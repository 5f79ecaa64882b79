using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tangram.Deploying;

/// <param name="Files">Files, links and folders of one copy.</param>
/// <param name="Bytes">Of all files of one copy.</param>
/// <param name="Depth">Folders inside each other.</param>
internal sealed record FilesLimits(int Files = 100_000, long Bytes = 4L << 30, int Depth = 64);

/// <summary>The content of a folder can be part of a revision, or a sentence says why not.</summary>
internal sealed class FilesRefusedException(string because) : IOException(because);

/// <summary>A folder's content as one SHA-256: over its entries in ordinal order of their relative paths, each with its
/// kind, path, permission bits without those to write, and content. Owner, times and write permission do not count.
/// Every part is preceded by its length, so that no two folders spell the same bytes.</summary>
internal static class FolderContent
{
    internal enum Kind : byte { Folder = 1, File = 2, Link = 3 }

    internal readonly record struct Entry(string Relative, Kind Kind, UnixFileMode Mode, string Target);

    public const UnixFileMode ReadAndExecute = (UnixFileMode)0b101_101_101;

    /// <summary>Of a copy's folders: some hold secrets.</summary>
    public const UnixFileMode OwnFolder = (UnixFileMode)0b101_000_000;
    private const int Block = 128 * 1024;

    /// <summary>Sorted by path. Throws <see cref="FilesRefusedException"/> for what cannot be copied
    /// faithfully.</summary>
    public static IReadOnlyList<Entry> List(string root, FilesLimits limits)
    {
        var entries = new List<Entry>();
        Walk(new DirectoryInfo(root), "", 1);
        entries.Sort((a, b) => string.CompareOrdinal(a.Relative, b.Relative));
        return entries;

        void Walk(DirectoryInfo folder, string prefix, int depth)
        {
            if (depth > limits.Depth)
                throw new FilesRefusedException($"{folder} lies deeper than {limits.Depth} folders");
            foreach (var item in folder.EnumerateFileSystemInfos())
            {
                var relative = prefix + item.Name;
                if (entries.Count >= limits.Files)
                    throw new FilesRefusedException($"{root} holds more than {limits.Files} files: point "
                                                    + "x-tangram.files at what the service needs to run");
                var kind = KindOf(item);
                if (kind == Kind.Link && FolderLinks.Leaves(root, relative))
                    throw new FilesRefusedException($"the link {item.FullName} → {item.LinkTarget} leaves {root}: what "
                                                    + "it points at would not be part of the revision; copy it there");
                var mode = kind == Kind.File ? item.UnixFileMode & ReadAndExecute | UnixFileMode.UserRead : default;
                entries.Add(new Entry(relative, kind, mode, item.LinkTarget ?? ""));
                if (kind == Kind.Folder) Walk((DirectoryInfo)item, relative + '/', depth + 1);
            }
        }
    }

    private static Kind KindOf(FileSystemInfo item)
    {
        if (item.LinkTarget is not null) return Kind.Link;
        if (item is DirectoryInfo) return Kind.Folder;
        return Native.IsRegularFile(item.FullName)
            ? Kind.File
            : throw new FilesRefusedException($"{item.FullName} is neither a file, a folder nor a link");
    }

    /// <summary>The hash, in hexadecimal. With <paramref name="copyTo"/> every entry is also made there, and the hash
    /// is of what was written, whatever happens to the original meanwhile.</summary>
    public static string Hash(string root, FilesLimits limits, string? copyTo = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var room = limits.Bytes;
        foreach (var entry in List(root, limits))
        {
            hash.AppendData([(byte)entry.Kind]);
            Append(hash, Encoding.UTF8.GetBytes(entry.Relative));
            Append(hash, BitConverter.GetBytes((int)entry.Mode));
            var from = Path.Combine(root, entry.Relative);
            var to = copyTo is null ? null : Path.Combine(copyTo, entry.Relative);
            switch (entry.Kind)
            {
                case Kind.Folder:
                    if (to is not null) Directory.CreateDirectory(to);
                    break;
                case Kind.Link:
                    Append(hash, Encoding.UTF8.GetBytes(entry.Target));
                    if (to is not null) File.CreateSymbolicLink(to, entry.Target);
                    break;
                case Kind.File:
                    Append(hash, FileHash(from, to, ref room, root, limits));
                    if (to is not null) File.SetUnixFileMode(to, entry.Mode);
                    break;
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static byte[] FileHash(string from, string? to, ref long room, string root, FilesLimits limits)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var source = File.OpenHandle(from, share: FileShare.ReadWrite | FileShare.Delete);
        using var copy = to is null ? null : File.OpenHandle(to, FileMode.CreateNew, FileAccess.Write);
        var buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            for (long at = 0; ;)
            {
                var read = RandomAccess.Read(source, buffer.AsSpan(0, Block), at);
                if (read == 0) return hash.GetHashAndReset();
                room -= read;
                if (room < 0)
                    throw new FilesRefusedException($"{root} holds more than {limits.Bytes >> 20} MiB: point "
                                                    + "x-tangram.files at what the service needs to run");
                hash.AppendData(buffer, 0, read);
                if (copy is not null) RandomAccess.Write(copy, buffer.AsSpan(0, read), at);
                at += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
