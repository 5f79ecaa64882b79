using System.Net.Sockets;
using System.Text.RegularExpressions;
using Tangram.Model;

namespace Tangram.Cli;

/// <param name="Name">Null when only an address is known.</param>
/// <param name="Address">The path of a unix socket, or an http URL.</param>
/// <param name="Folder">Where its state lies on this machine; null when that is not known.</param>
internal sealed record ClusterPlace(string? Name, string Address, string? Folder);

/// <summary>Finds the cluster that a command means: <c>TANGRAM_HOST</c>, else the file given or in this folder, else
/// the only one that runs. It never guesses between two.</summary>
internal sealed partial class ClusterFinder(Surroundings around, Entrances entrances)
{
    private static readonly string[] FileNames =
        ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    public ClusterPlace Find(string? file)
    {
        if (around.Variable("TANGRAM_HOST") is { Length: > 0 } host)
        {
            var address = host.StartsWith("unix://", StringComparison.Ordinal) ? host[7..] : host;
            return new ClusterPlace(null, address, null);
        }
        if (NameIn(file) is { } name) return Named(name);
        var running = Running();
        return running switch
        {
            [var only] => only,
            [] => throw CommandFailure.NoCluster("no cluster runs here: there is none under " + around.StateRoot +
                ". Start one with `tangram up -f FILE`, or set TANGRAM_HOST"),
            _ => throw CommandFailure.Arguments("several clusters run here: " + Listed(running) +
                ". Say which: give its file with -f, or set TANGRAM_HOST to its socket"),
        };
    }

    /// <summary>The cluster of a name, whether it runs or not.</summary>
    public ClusterPlace Named(string name) =>
        new(name, SocketPlace.Of(around.StateRoot, name), Path.Combine(around.StateRoot, name));

    /// <summary>The clusters whose daemon answers, sorted.</summary>
    public List<ClusterPlace> Running() => !Directory.Exists(around.StateRoot) ? [] :
        [.. Directory.EnumerateDirectories(around.StateRoot).Select(f => Named(Path.GetFileName(f)))
            .Where(place => Answers(place.Address)).OrderBy(place => place.Name, StringComparer.Ordinal)];

    /// <summary>The file to read: the one given, or the one in this folder. Throws when there is none.</summary>
    public string FileOf(string? given) => given is not null
        ? Path.GetFullPath(given, around.WorkingFolder)
        : InFolder() ?? throw CommandFailure.Arguments("there is no compose.yaml in " + around.WorkingFolder +
            ". Go to the folder that has one, or name it with -f FILE");

    /// <summary>Reads and checks it. Warnings go to standard error; errors end the command, all of them at
    /// once.</summary>
    public ClusterSpec Read(string file)
    {
        if (!File.Exists(file))
            throw CommandFailure.Arguments($"there is no file {file}. Name the right one with -f FILE");
        var (spec, problems) = entrances.ReadFile(file);
        foreach (var warning in problems.Where(p => p.Severity == Severity.Warning))
            around.PrintError($"warning: {warning}");
        var errors = problems.Where(p => p.Severity == Severity.Error).ToList();
        if (spec is not null && errors.Count == 0) return spec;
        throw CommandFailure.Arguments(string.Join('\n', errors) +
            $"\n{errors.Count} problem{(errors.Count == 1 ? "" : "s")} in {file}; nothing was changed");
    }

    public static bool Answers(string socket)
    {
        if (!File.Exists(socket)) return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(socket));
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
        {
            return false;
        }
    }

    private string? NameIn(string? given)
    {
        var file = given is null ? InFolder() : FileOf(given);
        if (file is null) return null;
        // Reading the whole file costs more than a look does; the plain case needs one line of it.
        if (File.Exists(file) && PlainName().Match(File.ReadAllText(file)) is { Success: true } plain
            && Names.IsValid(plain.Groups[1].Value)) return plain.Groups[1].Value;
        if (given is not null) return Read(file).Name;
        // A file that happens to lie here and is not ours says nothing.
        return entrances.ReadFile(file).Spec?.Name;
    }

    private string? InFolder() =>
        FileNames.Select(name => Path.Combine(around.WorkingFolder, name)).FirstOrDefault(File.Exists);

    private static string Listed(IEnumerable<ClusterPlace> places) =>
        string.Join(", ", places.Select(p => $"{p.Name} ({p.Address})"));

    [GeneratedRegex(@"^name:[ \t]+[""']?([A-Za-z0-9._-]+)[""']?[ \t]*(?:#.*)?\r?$", RegexOptions.Multiline)]
    private static partial Regex PlainName();
}
