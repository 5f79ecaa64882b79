using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Makes the folders that the file names absolute, and remembers them.</summary>
internal sealed class Folders(string folder)
{
    private readonly List<FolderAsked> _asked = [];

    public IReadOnlyList<FolderAsked> Asked => _asked;

    /// <summary>The absolute path of the key's folder, or null when there is none.</summary>
    public string? Read(Fields fields, string key)
    {
        if (PathOf(fields, key) is not { } path) return null;
        Need(key, path, fields.PlaceOf(key));
        return path;
    }

    /// <summary>As above, of a file, and not remembered.</summary>
    public string? PathOf(Fields fields, string key)
    {
        if (fields.Filled(key) is not { } text) return null;
        var place = fields.PlaceOf(key);
        if (text.StartsWith('~'))
        {
            fields.Problems.Error(place, $"'{key}' is {Quoted.Of(text)}, and no shell replaces the ~",
                "write the path out, relative to the file or absolute");
            return null;
        }
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(text, folder));
    }

    /// <summary>As above, where gateways take secrets elsewhere in the file, and not here.</summary>
    public string? FileOf(Fields fields, string key)
    {
        if (fields[key] is not Tree.Scalar { Text: var text } || SecretReference.NameIn(text) is null)
            return PathOf(fields, key);
        fields.Problems.Error(fields.PlaceOf(key), $"'{key}' is {Quoted.Of(text)}, and no secret is taken here",
            "write the path of a file; secrets are for gateway.certificates and gateway.client_ca");
        return null;
    }

    /// <summary>A path that is absolute already.</summary>
    public void Need(string key, string path, Place place) => _asked.Add(new FolderAsked(key, path, place));
}
