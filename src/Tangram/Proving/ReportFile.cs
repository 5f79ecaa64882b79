using Tangram.Cli;
using Tangram.Deploying;

namespace Tangram.Proving;

/// <summary>A file that a run writes when it is over. Whether it can be written is found out before the run begins,
/// which may take hours; until it is whole, what was there stays.</summary>
internal sealed class ReportFile
{
    private readonly string _path, _option;

    private ReportFile(string path, string option) => (_path, _option) = (path, option);

    /// <summary>Null when none is asked for. Throws <see cref="CommandFailure"/>.</summary>
    /// <param name="option">With which it was asked for.</param>
    /// <param name="others">That the command reads or writes.</param>
    public static ReportFile? For(string? typed, string option, Surroundings around, params string?[] others)
    {
        if (typed is null) return null;
        if (typed.Length == 0) throw CommandFailure.Arguments($"{option} names no file");
        var path = Path.GetFullPath(typed, around.WorkingFolder);
        // A link stays one, and what it leads to is written.
        if (File.Exists(path) && File.ResolveLinkTarget(path, returnFinalTarget: true) is { } meant)
            path = meant.FullName;
        if (others.OfType<string>().Any(other => Path.GetFullPath(other, around.WorkingFolder) == path))
            throw CommandFailure.Arguments($"{path} is another file of this command already. Name another one after " +
                option);
        var file = new ReportFile(path, option);
        file.Try();
        return file;
    }

    /// <summary>Throws <see cref="CommandFailure"/>; then what was there before is there still.</summary>
    public void Write(string text) => Write(stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    public void Write(Action<Stream> write)
    {
        var beside = Beside();
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(beside, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(beside);
            throw new CommandFailure(Exit.Failed, $"{_path} could not be written: {e.Message.TrimEnd('.')}. " +
                "The run itself is over, and its result was printed");
        }
    }

    /// <summary>What is no plain file, such as a device, would be replaced by one.</summary>
    private void Try()
    {
        if (Directory.Exists(_path)) throw Refused("it is a folder");
        if (!Directory.Exists(Path.GetDirectoryName(_path)))
            throw Refused($"there is no folder {Path.GetDirectoryName(_path)}");
        if (OperatingSystem.IsLinux() && File.Exists(_path) && !Native.IsRegularFile(_path))
            throw Refused("it is no plain file");
        var beside = Beside();
        try { new FileStream(beside, FileMode.CreateNew, FileAccess.Write).Dispose(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(e is UnauthorizedAccessException ? "you may not write in its folder"
                : e.Message.TrimEnd('.'));
        }
        finally { Remove(beside); }
    }

    private string Beside() => Path.Combine(Path.GetDirectoryName(_path)!, $".{Guid.NewGuid():N}.new");

    private static void Remove(string path)
    {
        try { File.Delete(path); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
    }

    private CommandFailure Refused(string why) => CommandFailure.Arguments(
        $"{_path} cannot be written: {why}. Name another file after {_option}; nothing was sent");
}
