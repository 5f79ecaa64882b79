using System.Text;
using System.Text.Unicode;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Loads a Compose file from the disk.</summary>
internal static class ComposeFile
{
    /// <summary>A file for 10,000 services has about 5 MB.</summary>
    public const int MostBytes = 10_000_000;

    private static readonly string[] DefaultNames =
        ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    /// <summary>The Compose file of a folder, by Compose's default names in their order; null when there is
    /// none.</summary>
    public static string? Find(string folder) =>
        DefaultNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>The spec, null when any problem is an error, and every problem in the file's order. Never throws for
    /// what a path or a file may hold.</summary>
    public static (ClusterSpec? Spec, EquatableArray<Problem> Problems) Load(string path)
    {
        var problems = new ProblemList();
        if (Bytes(path, problems) is not { } bytes) return (null, problems.InOrder());
        return Load(bytes, path, Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/", problems);
    }

    /// <summary>As above, for a file that was read already.</summary>
    internal static (ClusterSpec? Spec, EquatableArray<Problem> Problems) Load(
        ReadOnlySpan<byte> bytes, string file, string folder, ProblemList problems)
    {
        if (Text(bytes, file, problems) is not { } text || YamlTree.Parse(text, file, problems) is not { } tree)
            return (null, problems.InOrder());
        var draft = ComposeReader.Read(tree, folder, problems);
        foreach (var asked in draft.Folders)
            if (!Directory.Exists(asked.Path))
                problems.Error(asked.Place, $"'{asked.Key}' names the folder {asked.Path}, which does not exist",
                    "create it, or correct the path; it is relative to the file");
        return (problems.HasErrors ? null : draft.Spec, problems.InOrder());
    }

    private static byte[]? Bytes(string path, ProblemList problems)
    {
        void Refuse(string what, string remedy) => problems.Error(new Place(path, 0, 0), what, remedy);
        try
        {
            if (Directory.Exists(path))
            {
                Refuse("this is a folder", "name the file in it");
                return null;
            }
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var buffer = new byte[MostBytes + 1];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length <= MostBytes) return buffer[..length];
            Refuse("the file has more than 10 MB", "split it into several clusters");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            Refuse("there is no such file", "name the Compose file with -f FILE");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException
            or NotSupportedException)
        {
            Refuse($"the file cannot be read: {e.Message.TrimEnd('.')}", "check the path and its permissions");
        }
        return null;
    }

    /// <summary>The text of UTF-8 bytes, without a byte order mark; null after a problem.</summary>
    private static string? Text(ReadOnlySpan<byte> bytes, string file, ProblemList problems)
    {
        if (bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        var chars = new char[bytes.Length];
        Utf8.ToUtf16(bytes, chars, out _, out var length, replaceInvalidSequences: false);
        var text = new string(chars, 0, length);
        if (Encoding.UTF8.GetByteCount(text) < bytes.Length)
        {
            problems.Error(PlaceOf(text, length, file), "this is not UTF-8", "save the file as UTF-8");
            return null;
        }
        // YAML ends at a NUL, so what follows one would be ignored silently.
        var control = text.AsSpan().IndexOfAny(Unprintable);
        if (control < 0) return text;
        problems.Error(PlaceOf(text, control, file), $"there is a control character (U+{(int)text[control]:X4}) here",
            "delete it");
        return null;
    }

    private static readonly System.Buffers.SearchValues<char> Unprintable = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Select(c => (char)c)
            .Where(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\u0085')), '\uFFFE', '\uFFFF']);

    private static Place PlaceOf(string text, int index, string file)
    {
        var before = text.AsSpan(0, index);
        return new Place(file, before.Count('\n') + 1, index - before.LastIndexOf('\n'));
    }
}
