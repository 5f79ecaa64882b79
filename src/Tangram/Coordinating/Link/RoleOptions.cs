using System.Net;
using Tangram.Model;

namespace Tangram.Coordinating.Link;

/// <summary>What `tangram server`, `agent` and `gateway` are told in common.</summary>
/// <param name="Cluster">The name of the cluster, as its file has it.</param>
/// <param name="Name">Of this server, node or gateway, unique in the cluster.</param>
/// <param name="Servers">HOST:PORT of every server, the same list everywhere.</param>
/// <param name="Tls">The folder with this machine's certificate; null for plain text on loopback.</param>
internal sealed record RoleOptions(string Cluster, string Name, EquatableArray<string> Servers, string? Tls,
    string StateRoot);

/// <param name="Listen">Where agents, gateways and other servers reach this one.</param>
/// <param name="Etcd">The members' client URLs; empty for a store in this server's own state folder.</param>
internal sealed record ServerOptions(RoleOptions Role, IPEndPoint Listen, EquatableArray<string> Etcd);

/// <param name="Listen">Where its neighbours' heartbeats reach it.</param>
/// <param name="Address">At which gateways reach what runs here.</param>
/// <param name="Capacity">0: not limited.</param>
internal sealed record AgentOptions(RoleOptions Role, ZoneName Zone, IPEndPoint Listen, string Address,
    EquatableArray<Variable> Labels, Resources Capacity);

internal sealed record GatewayRoleOptions(RoleOptions Role, ZoneName? Zone = null);
