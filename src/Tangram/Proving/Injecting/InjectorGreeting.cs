using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Observing;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Injecting;

/// <summary>The first line of an injector: what it stands for. Null: there is none on its machine.</summary>
internal sealed record InjectorGreeting(
    string Cluster, string Name, string? Node, string? Zone, string? Server, string? Gateway, string? Store,
    string[] Stores)
{
    public DrilledMachine Machine(string host, bool here) =>
        new(Name, host, here, Node, Zone, Server, Gateway, Store, [.. Stores ?? []]);
}

/// <summary>What the server on the injector's machine answers to whoever looks; null where none does.</summary>
internal sealed record InjectorLook(string? Status, string? Replicas, string? Routes);

/// <summary>Besides orders and answers, a line each: an empty one is a heartbeat, and "look" asks for a look, whose
/// answer begins with the same word.</summary>
[JsonSerializable(typeof(InjectorGreeting))]
[JsonSerializable(typeof(InjectorLook))]
internal sealed partial class InjectorJson : JsonSerializerContext
{
    public const string Look = "look";

    /// <summary>The drill is over: what is held ends, and then the connection does.</summary>
    public const string End = "end";

    /// <summary>How often each end says that it is there; the holder of faults ends them when it hears nothing for
    /// <see cref="Silence"/>.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250), Silence = TimeSpan.FromSeconds(1);

    /// <summary>An order names the replicas of a zone, at 150 bytes each; a look tells of all of the cluster.</summary>
    public const int LongestOrder = 4 << 20, LongestAnswer = 256 << 20;

    public static string Write(InjectorGreeting greeting) =>
        JsonSerializer.Serialize(greeting, Default.InjectorGreeting);

    public static string Write(InjectorLook look) => Look + JsonSerializer.Serialize(look, Default.InjectorLook);

    public static InjectorGreeting Greeting(string line) =>
        JsonSerializer.Deserialize(line, Default.InjectorGreeting) is { Name: not null, Cluster: not null } greeting
            ? greeting : throw new JsonException("it does not say who it is");

    public static InjectorLook LookOf(string line) =>
        JsonSerializer.Deserialize(line[Look.Length..], Default.InjectorLook) ?? throw new JsonException("no look");
}
