using System.IO.Compression;
using Tangram.Cli;
using Tangram.Deploying;

namespace Tangram.Proving.Replaying;

/// <summary>Reads an access log from where people have it: a file, plain or gzip, or standard input.</summary>
internal static class AccessLogFile
{
    public const string StandardInput = "-";

    private const int Block = 1 << 18;

    /// <summary>Whether a file begins as an access log does. What is no plain file is not looked at: what was read of
    /// it would be gone.</summary>
    public static bool Is(string file)
    {
        if (file == StandardInput) return true;
        try
        {
            if (!File.Exists(file) || OperatingSystem.IsLinux() && !Native.IsRegularFile(file)) return false;
            using var stream = Plain(File.OpenRead(file));
            var beginning = new byte[Block];
            return ReplayReader.IsLog(beginning.AsSpan(0, stream.ReadAtLeast(beginning, Block, false)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Throws <see cref="CommandFailure"/> when there is nothing to send.</summary>
    public static async Task<ReplaySource> ReadAsync(
        ReplayRequest request, Surroundings around, CancellationToken cancellation)
    {
        var name = request.File == StandardInput ? "standard input" : request.File;
        var reader = new ReplayReader(request.Unsafe);
        try
        {
            await using var stream = Plain(Open(request.File, name));
            var block = new byte[Block];
            for (int read; (read = await stream.ReadAsync(block, cancellation)) > 0 && !reader.IsFull
                && !reader.IsHopeless;)
                reader.Take(block.AsSpan(0, read));
            reader.End();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw CommandFailure.Arguments(
                $"{name} cannot be read behind its line {reader.LineNumber}: {e.Message.TrimEnd('.')}");
        }
        if (reader.Problem(name) is { } problem) throw CommandFailure.Arguments(problem);
        foreach (var line in reader.Warnings(name)) around.PrintError(line);
        return ReplaySource.Of(name, reader, reader.Log()!.Played(request.Speed, request.Most));
    }

    private static Stream Open(string file, string name)
    {
        if (file == StandardInput) return Console.OpenStandardInput();
        if (Directory.Exists(file)) throw CommandFailure.Arguments($"{name} is a folder: name the log in it");
        if (!File.Exists(file)) throw CommandFailure.Arguments($"{name}: there is no such file");
        if (OperatingSystem.IsLinux() && !Native.IsRegularFile(file))
            throw CommandFailure.Arguments($"{name} is a pipe or a device: send it to `tangram load -`");
        return File.OpenRead(file);
    }

    /// <summary>By the first two bytes (RFC 1952, 2.3.1).</summary>
    private static Stream Plain(Stream stream)
    {
        var buffered = new BufferedStream(stream, Block);
        if (!stream.CanSeek) return buffered;
        var zipped = stream.ReadByte() == 0x1F && stream.ReadByte() == 0x8B;
        stream.Position = 0;
        return zipped ? new GZipStream(buffered, CompressionMode.Decompress) : buffered;
    }
}
