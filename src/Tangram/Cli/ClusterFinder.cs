using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Planning.Composing;

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

    public ClusterPlace Find(string[]? files)
    {
        if (around.Variable("TANGRAM_HOST") is { Length: > 0 } host)
        {
            var address = host.StartsWith("unix://", StringComparison.Ordinal) ? host[7..] : host;
            return new ClusterPlace(null, address, null);
        }
        if (NameIn(files) is { } name) return Named(name);
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

    /// <summary>The files to read: those given, or those of COMPOSE_FILE, or the one in this folder. Throws when there
    /// are none.</summary>
    public ComposeRequest RequestOf(string[]? given, string[]? envFiles = null, string[]? profiles = null) => new(
        Absolute(Given(given)) is { Count: > 0 } files ? files
            : InFolder() is { } found ? [found]
            : throw CommandFailure.Arguments("there is no compose.yaml in " + around.WorkingFolder +
                ". Go to the folder that has one, or name it with -f FILE"),
        Absolute(envFiles ?? []), (profiles ?? []).ToEquatableArray());

    /// <summary>Reads and checks them. Warnings go to standard error, and whether the design is weak; errors end
    /// the command, all of them at once.</summary>
    public ClusterSpec Read(ComposeRequest request)
    {
        var answer = Answer(request);
        if (answer.Design.Count is > 0 and var points)
            around.PrintError($"the design is weak in {points} point{(points == 1 ? "" : "s")}: `tangram plan` says " +
                "which, and what would mend them");
        return answer.Spec!;
    }

    /// <summary>As above, without a word about the design. The spec is never null.</summary>
    public ComposeAnswer Answer(ComposeRequest request)
    {
        foreach (var file in request.Files)
            if (!File.Exists(file))
                throw CommandFailure.Arguments($"there is no file {file}. Name the right one with -f FILE");
        var answer = entrances.ReadFiles(request);
        foreach (var warning in answer.Problems.Where(p => p.Severity == Severity.Warning))
            around.PrintError($"warning: {warning}");
        var errors = answer.Problems.Where(p => p.Severity == Severity.Error).ToList();
        if (answer.Spec is not null && errors.Count == 0) return answer;
        throw CommandFailure.Arguments(string.Join('\n', errors) + $"\n{errors.Count} problem" +
            $"{(errors.Count == 1 ? "" : "s")} in {In(request.Files)}; nothing was changed");
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

    private string? NameIn(string[]? given)
    {
        var named = Given(given);
        var files = named.Length > 0 ? Absolute(named) : InFolder() is { } found ? [found] : [];
        if (files.Count == 0) return null;
        // Reading the whole file costs more than a look does; the plain case needs one line of it.
        if (files.Count == 1 && Native.IsRegularFile(files[0])
            && new InputFile(TimeSpan.Zero).Read(files[0], ComposeFile.MostBytes).Bytes is { } bytes
            && PlainName().Match(Encoding.UTF8.GetString(bytes)) is { Success: true } plain
            && Names.IsValid(plain.Groups[1].Value)) return plain.Groups[1].Value;
        // The name may need variables, and every profile's services are as good as any for it.
        var request = new ComposeRequest(files, Profiles: ["*"]) { NameOnly = true };
        if (named.Length > 0) return Read(request).Name;
        // A file that happens to lie here and is not ours says nothing.
        return entrances.ReadFiles(request).Spec?.Name;
    }

    private string[] Given(string[]? given) => given is { Length: > 0 } ? given
        : (around.Variable("COMPOSE_FILE") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);

    private EquatableArray<string> Absolute(string[] files) =>
        files.Select(file => Path.GetFullPath(file, around.WorkingFolder)).ToEquatableArray();

    private static string In(EquatableArray<string> files) =>
        files.Count <= 5 ? string.Join(", ", files) : $"{files[0]} and {files.Count - 1} more files";

    private string? InFolder() =>
        FileNames.Select(name => Path.Combine(around.WorkingFolder, name)).FirstOrDefault(File.Exists);

    private static string Listed(IEnumerable<ClusterPlace> places) =>
        string.Join(", ", places.Select(p => $"{p.Name} ({p.Address})"));

    [GeneratedRegex(@"^name:[ \t]+[""']?([A-Za-z0-9._-]+)[""']?[ \t]*(?:#.*)?\r?$", RegexOptions.Multiline)]
    private static partial Regex PlainName();
}
