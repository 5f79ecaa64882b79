using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

/// <summary>What happens to documents that are there already.</summary>
internal static class Changes
{
    public static Documents Intend(this Documents documents, string node, string replica, Intent intent) =>
        documents.Change<Assigned>(Keys.Assigned(NodeName.Of(node)), assigned => assigned with
        {
            Replicas = assigned.Replicas.Select(a =>
                a.Replica.Value == replica ? a with { Intent = intent } : a).ToEquatableArray(),
        });

    public static Documents Looks(this Documents documents, string node, string replica,
        Func<SeenReplica, SeenReplica> change) =>
        documents.Change<Seen>(Keys.Seen(NodeName.Of(node)), seen => seen with
        {
            Replicas = seen.Replicas.Select(r => r.Replica.Value == replica ? change(r) : r).ToEquatableArray(),
        });

    public static Documents Looks(this Documents documents, string node, string replica, Phase phase) =>
        documents.Looks(node, replica, r => r with { Phase = phase });

    /// <summary>Its lease has ended.</summary>
    public static Documents Silent(this Documents documents, string node) =>
        documents.Delete(Keys.Seen(NodeName.Of(node)));

    public static Documents Dead(this Documents documents, string node) =>
        documents.Put(Keys.Dead(NodeName.Of(node)), new Dead(ZoneName.Of(node[..1]), 1, "it was silent"));

    public static Documents Change<T>(this Documents documents, string key, Func<T, T> change) where T : class =>
        documents.Put(key, change(Json.Read<T>(documents.Pairs.Single(p => p.Key == key).Value)));

    /// <summary>A store that holds them.</summary>
    public static StoreEngine Store(this Documents documents)
    {
        var store = new StoreEngine();
        foreach (var pair in documents.Pairs)
            store.Apply(new Txn { Then = [new StoreOp.Put(pair.Key, pair.Value)] });
        return store;
    }
}
