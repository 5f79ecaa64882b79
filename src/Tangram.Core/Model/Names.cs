using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tangram.Model;

/// <summary>A checked name. Every name is 1 to 63 characters of ASCII letters, digits, '-', '_' and '.', starting with
/// a letter or digit, so that it can stand in a store key, a file name and an environment variable.</summary>
public interface IName<TSelf> : IComparable<TSelf> where TSelf : struct, IName<TSelf>
{
    string Value { get; }
    static abstract TSelf Of(string value);
}

[JsonConverter(typeof(NameConverter<ServiceName>))]
public readonly record struct ServiceName : IName<ServiceName>
{
    private ServiceName(string value) => Value = value;
    public string Value { get; }
    public static ServiceName Of(string value) => new(Names.Checked(value, "service"));
    public int CompareTo(ServiceName other) => string.CompareOrdinal(Value, other.Value);
    public override string ToString() => Value;
}

[JsonConverter(typeof(NameConverter<NodeName>))]
public readonly record struct NodeName : IName<NodeName>
{
    private NodeName(string value) => Value = value;
    public string Value { get; }
    public static NodeName Of(string value) => new(Names.Checked(value, "node"));
    public int CompareTo(NodeName other) => string.CompareOrdinal(Value, other.Value);
    public override string ToString() => Value;
}

[JsonConverter(typeof(NameConverter<ZoneName>))]
public readonly record struct ZoneName : IName<ZoneName>
{
    private ZoneName(string value) => Value = value;
    public string Value { get; }
    public static ZoneName Of(string value) => new(Names.Checked(value, "zone"));
    public int CompareTo(ZoneName other) => string.CompareOrdinal(Value, other.Value);
    public override string ToString() => Value;
}

/// <summary>One replica for its whole life, <c>SERVICE-SERIAL</c>. A restart in place keeps the name; a move makes a
/// new one. Serials of a service only grow, so a name never means two processes.</summary>
[JsonConverter(typeof(NameConverter<ReplicaName>))]
public readonly record struct ReplicaName : IName<ReplicaName>
{
    private ReplicaName(string value) => Value = value;
    public string Value { get; }
    public static ReplicaName Of(string value) => new(Names.Checked(value, "replica"));
    public static ReplicaName Of(ServiceName service, long serial) => new($"{service.Value}-{serial}");

    /// <summary>Orders by service, then by serial as a number, so that order-10 comes after order-9.</summary>
    public int CompareTo(ReplicaName other) => Names.CompareNatural(Value, other.Value);
    public override string ToString() => Value;
}

public static class Names
{
    public const int Longest = 63;

    public static bool IsValid([NotNullWhen(true)] string? value)
    {
        if (string.IsNullOrEmpty(value) || value.Length > Longest || !char.IsAsciiLetterOrDigit(value[0])) return false;
        foreach (var c in value)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')) return false;
        return true;
    }

    /// <summary>Returns the value, or throws <see cref="FormatException"/> that says what a name may contain.</summary>
    public static string Checked(string? value, string kind) => IsValid(value)
        ? value
        : throw new FormatException($"'{value}' is not a {kind} name: use 1 to {Longest} letters, digits, '-', '_' " +
                                    "or '.', starting with a letter or digit");

    /// <summary>Upper case, with '_' for whatever a variable's name cannot hold.</summary>
    public static string InVariable(string name) => string.Concat(
        name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));

    internal static int CompareNatural(string a, string b)
    {
        var (cutA, cutB) = (a.LastIndexOf('-'), b.LastIndexOf('-'));
        if (cutA < 0 || cutB < 0) return string.CompareOrdinal(a, b);
        var stem = a.AsSpan(0, cutA).SequenceCompareTo(b.AsSpan(0, cutB));
        if (stem != 0) return stem;
        return long.TryParse(a.AsSpan(cutA + 1), out var x) && long.TryParse(b.AsSpan(cutB + 1), out var y)
            ? x.CompareTo(y)
            : string.CompareOrdinal(a, b);
    }
}

internal sealed class NameConverter<T> : JsonConverter<T> where T : struct, IName<T>
{
    public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        try { return T.Of(reader.GetString() ?? ""); }
        catch (FormatException e) { throw new JsonException(e.Message, e); }
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
