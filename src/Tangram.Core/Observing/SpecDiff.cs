using System.Text.Json;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What differs between two specs, value by value. It walks their stored form, so no field can be
/// forgotten.</summary>
public static class SpecDiff
{
    /// <summary>What entries of a list are told apart by; other lists are one value.</summary>
    private const string Name = "name";
    private const string GrantsHash = "grantsHash";

    /// <summary>In the order of the file, what is gone last. Null: nothing is there.</summary>
    public static EquatableArray<ChangeView> Of(ClusterSpec? before, ClusterSpec? after)
    {
        var changes = new List<ChangeView>();
        using var left = Parsed(before);
        using var right = Parsed(after);
        Compare("", left?.RootElement, right?.RootElement, changes);
        return [.. changes];
    }

    private static JsonDocument? Parsed(ClusterSpec? spec) =>
        spec is null ? null : JsonDocument.Parse(Json.Write(spec));

    private static void Compare(string path, JsonElement? before, JsonElement? after, List<ChangeView> changes)
    {
        if (Named(before) is { } a && Named(after) is { } b)
        {
            foreach (var (key, value) in b) Compare(Below(path, key), a.TryGet(key), value, changes);
            foreach (var (key, value) in a)
                if (b.TryGet(key) is null) Compare(Below(path, key), value, null, changes);
        }
        else if (Text(before) is var was && Text(after) is var now && was != now)
        {
            changes.Add(new ChangeView(path, was, now));
        }
    }

    private static string Below(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static JsonElement? TryGet(this List<(string Key, JsonElement Value)> entries, string key)
    {
        foreach (var entry in entries)
            if (entry.Key == key) return entry.Value;
        return null;
    }

    /// <summary>The entries of a map, or of a list of things with names; null for any other value.</summary>
    private static List<(string Key, JsonElement Value)>? Named(JsonElement? value) => value switch
    {
        // What the hash of a copy is made of is compared by itself: targets, modes and prints.
        { ValueKind: JsonValueKind.Object } map =>
            [.. map.EnumerateObject().Where(p => p.Name != GrantsHash).Select(p => (p.Name, p.Value))],
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(HasName) =>
            [.. list.EnumerateArray().Select(item => (item.GetProperty(Name).GetString()!, Unnamed(item)))],
        _ => null,
    };

    private static bool HasName(JsonElement item) => item.ValueKind == JsonValueKind.Object
        && item.TryGetProperty(Name, out var name) && name.ValueKind == JsonValueKind.String;

    /// <summary>Of a variable only its value is left.</summary>
    private static JsonElement Unnamed(JsonElement item) =>
        item.EnumerateObject().Count() == 2 && item.TryGetProperty("value", out var value) ? value : item;

    private static string? Text(JsonElement? value) => value switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { } other => other.GetRawText(),
    };
}
