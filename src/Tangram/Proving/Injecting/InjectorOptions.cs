using System.Net;
using Tangram.Model;

namespace Tangram.Proving.Injecting;

/// <summary>What `tangram injector` is told.</summary>
/// <param name="Zone">Null: that of the agent or gateway on this machine.</param>
/// <param name="Stores">etcd's client URLs; empty: as the server on this machine was told.</param>
/// <param name="Tls">Null: plain text, on loopback only.</param>
internal sealed record InjectorOptions(
    string Cluster, string Name, IPEndPoint Listen, string? Zone, EquatableArray<string> Stores, string? Tls,
    string StateRoot);
