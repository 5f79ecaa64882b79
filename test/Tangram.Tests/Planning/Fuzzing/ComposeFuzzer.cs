using System.Text;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning.Fuzzing;

/// <summary>Makes projects of Compose files out of a seed: the repository's examples with changes to their trees, to
/// their bytes, or to both. The same seed makes the same project.</summary>
internal static class ComposeFuzzer
{
    /// <summary>The first is read; the second sometimes laid over it; the others are there for whoever names
    /// them.</summary>
    public static readonly IReadOnlyList<string> Names = ["compose.yaml", "over.yaml", "other.yaml", "a.env", ".env"];

    private static readonly string[] Tokens =
    [
        "\n", "\n  ", "\t", " ", ":", ": ", "- ", "[", "]", "{", "}", ",", "'", "\"", "#", "&a ", "*a", "<<: *a", "|\n",
        ">-\n", "!!str ", "!x ", "? ", "---\n", "...\n", "%YAML 1.2\n", "null", "~", "0", "-1", "99999999999999999999",
        "1e9", "$", "$$", "${A}", "\\", "\"\\u0000\"", "\"\\UFFFFFFFF\"", "\0", "\uFEFF", "é", "\u2028", "services:",
        "x-tangram:", "deploy:", "!reset ", "!override ", "${A:-", "${A:?x}", "extends: web\n", "include: [a]\n",
        "web", "8080:8080", "1m30s", "true", "@", "`", "http://", "/",
    ];

    private static readonly string[] Lines =
    [
        "A=1", "B=$A", "C='$A", "D=\"a\\n$B\"", "export E=x # y", "F", "=", "G H=1", "I=${I:-${A}}", "J=$LONG$LONG",
        "K=a=b", "# c", "", "\"L\"=1", "A=2\r", "M=\"", "N=${NONE:?x}", "web", "é=1", "O=\uFEFF",
    ];

    private static readonly string[] Texts =
    [
        .. new[] { "examples", Path.Combine("test", "Tangram.Tests", "Planning", "Specification") }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.yaml",
                SearchOption.AllDirectories)).Order(StringComparer.Ordinal).Select(File.ReadAllText),
    ];

    private static readonly Node[] Trees =
    [
        .. Texts.Select(text => YamlTree.Parse(text, "", new ProblemList())).OfType<Tree.Map>().Select(Node.Of),
    ];

    public static FuzzInput Make(ulong seed)
    {
        var rng = new Rng(seed);
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var name in Names)
            if (name == Names[0] || rng.Chance(0.5))
                files[name] = name.EndsWith(".env", StringComparison.Ordinal) ? EnvFile(rng) : Yaml(rng);
        string[] read = files.ContainsKey("over.yaml") && rng.Chance(0.5) ? ["compose.yaml", "over.yaml"]
            : ["compose.yaml"];
        return new FuzzInput(seed, files, read, rng.Chance(0.5) ? ["*"] : []);
    }

    private static byte[] Yaml(Rng rng)
    {
        if (rng.Chance(0.25)) return Bytes(rng, Encoding.UTF8.GetBytes(Texts[rng.Next(Texts.Length)]));
        var root = Trees[rng.Next(Trees.Length)].Copy();
        var mutator = new TreeMutator(rng, Trees);
        for (var changes = rng.Next(7); changes > 0; changes--) mutator.Change(root);
        var bytes = Encoding.UTF8.GetBytes(root.Print(flow: rng.Chance(0.3)));
        return rng.Chance(0.1) ? Bytes(rng, bytes) : bytes;
    }

    private static byte[] EnvFile(Rng rng)
    {
        var lines = Enumerable.Range(0, rng.Next(8)).Select(_ => Lines[rng.Next(Lines.Length)]);
        var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        return rng.Chance(0.2) ? Bytes(rng, bytes) : bytes;
    }

    private static byte[] Bytes(Rng rng, byte[] from)
    {
        var bytes = from.ToList();
        for (var changes = 1 + rng.Next(6); changes > 0; changes--)
        {
            var at = rng.Next(bytes.Count + 1);
            var length = Math.Min(rng.Next(12), bytes.Count - at);
            switch (rng.Next(6))
            {
                case 0 when at < bytes.Count: bytes[at] = (byte)rng.Next(256); break;
                case 1: bytes.RemoveRange(at, length); break;
                case 2: bytes.InsertRange(rng.Next(bytes.Count + 1), bytes.GetRange(at, length)); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                default: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Tokens[rng.Next(Tokens.Length)])); break;
            }
        }
        return [.. bytes];
    }
}
