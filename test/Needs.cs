namespace Tangram;

/// <summary>What a test needs from the machine. Missing, it is skipped with a sentence; where TANGRAM_NO_SKIP is 1,
/// as in CI, it fails with it.</summary>
public static class Needs
{
    private static bool MaySkip => Environment.GetEnvironmentVariable("TANGRAM_NO_SKIP") != "1";

    public static void That(bool available, string sentence)
    {
        if (available) return;
        if (MaySkip) Assert.Skip(sentence);
        Assert.Fail($"{sentence} (TANGRAM_NO_SKIP=1 forbids to skip)");
    }

    /// <summary>The full path of a program on PATH.</summary>
    public static string Program(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var found = folders.Append("/usr/sbin").Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists);
        That(found is not null, $"needs the program '{name}', which is not installed");
        return found!;
    }

    public static void Root() => That(Environment.IsPrivilegedProcess, "needs root");
}
