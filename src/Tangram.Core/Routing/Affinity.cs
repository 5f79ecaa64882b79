namespace Tangram.Routing;

/// <summary>What a request says of where it wants to go.</summary>
/// <param name="Key">The hash of the part of it that its service balances by; null: it has none.</param>
/// <param name="Cookie">The value of its service's sticky cookie; empty: it has none.</param>
public readonly record struct Affinity(ulong? Key, ReadOnlyMemory<char> Cookie);
