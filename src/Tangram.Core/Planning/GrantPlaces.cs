using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Where the configs or secrets of one service come to lie, and the variables that tell it: no two may want
/// the same.</summary>
internal sealed class GrantPlaces(GrantKind kind)
{
    private readonly Dictionary<string, string> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public (string What, string Remedy)? Clash(string name, string target)
    {
        var place = _targets.GetValueOrDefault(target) ?? _folders.GetValueOrDefault(target)
            ?? Above(target).Select(folder => _targets.GetValueOrDefault(folder)).FirstOrDefault(n => n is not null);
        if (place is not null)
            return ($"{Quoted.Of(target)} is the place of {Quoted.Of(place)} already",
                "give each a target of its own");
        var variable = GrantVariables.Of(kind, name);
        return _variables.TryGetValue(variable, out var other) && other != name
            ? ($"{Quoted.Of(name)} and {Quoted.Of(other)} would share the variable {Quoted.Plain(variable)}",
                "rename one of them so that they differ in more than case and punctuation")
            : null;
    }

    public void Take(string name, string target)
    {
        _targets[target] = name;
        foreach (var folder in Above(target)) _folders.TryAdd(folder, name);
        _variables.TryAdd(GrantVariables.Of(kind, name), name);
    }

    private static IEnumerable<string> Above(string target)
    {
        for (var cut = target.LastIndexOf('/'); cut > 0; cut = target.LastIndexOf('/', cut - 1))
            yield return target[..cut];
    }
}
