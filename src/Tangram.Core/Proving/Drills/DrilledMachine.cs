using Tangram.Model;

namespace Tangram.Proving.Drills;

/// <summary>A machine on which an injector lets something be broken, as that one greets.</summary>
/// <param name="Name">Of the injector.</param>
/// <param name="Host">At which it is reached.</param>
/// <param name="Here">The drill itself runs there.</param>
/// <param name="Node">Whose agent runs there; null: none. So for the others.</param>
/// <param name="Store">The address of the etcd member there.</param>
/// <param name="Stores">Of all members, as far as it is known there.</param>
public sealed record DrilledMachine(
    string Name, string Host, bool Here, string? Node, string? Zone, string? Server, string? Gateway, string? Store,
    EquatableArray<string> Stores);
