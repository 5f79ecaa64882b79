namespace Tangram.Model;

/// <summary><c>secret:NAME</c>, where else the path of a file stands: a secret that the top level declares.</summary>
public static class SecretReference
{
    private const string Prefix = "secret:";

    /// <summary>Null: it is a path. Empty: it forgot the name.</summary>
    public static string? NameIn(string? text) =>
        text?.StartsWith(Prefix, StringComparison.Ordinal) == true ? text[Prefix.Length..] : null;

    public static string To(string name) => Prefix + name;
}
