namespace Tangram;

/// <summary>The folder that holds Tangram.slnx, above the test binaries.</summary>
public static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tangram.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no Tangram.slnx in or above {from}");
    }
}
