namespace Tangram;

/// <summary>An example of what the Compose Specification's text shows, in our own words: one file, or two where
/// <c>NAME.override.yaml</c> stands beside it. Its first line may say more: <c># wrong</c>, Compose refuses it too;
/// <c># run</c>, its programs are there, so that it can be run.</summary>
/// <param name="Name">As <c>services/command_list</c>.</param>
public sealed record SpecificationExample(string Name, string[] Files)
{
    public static string Root { get; } =
        Path.Combine(Repository.Root, "test", "Tangram.Tests", "Planning", "Specification");

    /// <summary>In the order of the specification's sections, then by name.</summary>
    public static IReadOnlyList<SpecificationExample> All { get; } =
    [
        .. from section in Directory.EnumerateDirectories(Root).Select(folder => Path.GetFileName(folder))
           orderby Array.IndexOf(Order, section), section
           from file in Directory.EnumerateFiles(Path.Combine(Root, section), "*.yaml").Order(StringComparer.Ordinal)
           where !file.EndsWith(Override, StringComparison.Ordinal)
           select Of(section, file),
    ];

    public string Section => Name.Split('/')[0];
    public bool Wrong => FirstLine == "# wrong";
    public bool Runs => FirstLine == "# run";

    private const string Override = ".override.yaml";

    private static string[] Order =>
    [
        "top", "services", "deploy", "build", "develop", "networks", "volumes", "configs", "secrets", "models",
        "provider", "fragments", "extensions", "interpolation", "merge", "include", "profiles", "form",
    ];

    private string FirstLine => File.ReadLines(Files[0]).First();

    private static SpecificationExample Of(string section, string file)
    {
        var over = Path.ChangeExtension(file, null) + Override;
        return new SpecificationExample($"{section}/{Path.GetFileNameWithoutExtension(file)}",
            File.Exists(over) ? [file, over] : [file]);
    }
}
