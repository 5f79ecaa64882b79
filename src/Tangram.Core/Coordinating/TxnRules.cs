using System.Text;

namespace Tangram.Coordinating;

/// <summary>What etcd refuses whatever the keys hold; a store that allowed more would only hide the day on which a
/// cluster moves to etcd.</summary>
public static class TxnRules
{
    /// <summary>Comparisons, and operations of a branch: etcd's default <c>--max-txn-ops</c>.</summary>
    public const int MostOperations = 128;

    /// <summary>All text of a transaction, in bytes of UTF-8: etcd's default <c>--max-request-bytes</c>.</summary>
    public const int MostBytes = 1536 * 1024;

    /// <summary>Why a transaction is refused, or null. Both branches are checked, whichever would run.</summary>
    public static string? Broken(Txn txn)
    {
        if (Math.Max(txn.Compares.Count, Math.Max(txn.Then.Count, txn.Else.Count)) > MostOperations)
            return $"a transaction has at most {MostOperations} comparisons, and as many operations in each branch";
        var bytes = Bytes(txn.Then) + Bytes(txn.Else) + txn.Compares.Sum(c => Bytes(c.Key) + Bytes(c.Text));
        if (bytes > MostBytes) return $"a transaction of {bytes} bytes is larger than {MostBytes}";
        return txn.Compares.Any(compare => compare.Key.Length == 0) ? "a comparison needs a key"
            : Broken(txn.Then) ?? Broken(txn.Else);
    }

    private static string? Broken(IReadOnlyList<StoreOp> branch)
    {
        HashSet<string> puts = new(StringComparer.Ordinal), deletes = new(StringComparer.Ordinal);
        var prefixes = new List<string>();
        foreach (var op in branch)
        {
            if (op is StoreOp.Put { Key: "" } or StoreOp.Delete { Key: "" } or StoreOp.Get { Key: "" })
                return "an operation needs a key";
            if (op is StoreOp.Put put && !puts.Add(put.Key)) return $"a transaction puts key '{put.Key}' twice";
            if (op is StoreOp.Delete delete) deletes.Add(delete.Key);
            if (op is StoreOp.DeletePrefix deletePrefix) prefixes.Add(deletePrefix.Prefix);
        }
        foreach (var key in puts)
            if (deletes.Contains(key) || prefixes.Exists(prefix => key.StartsWith(prefix, StringComparison.Ordinal)))
                return $"a transaction puts and deletes key '{key}'";
        return null;
    }

    private static long Bytes(IReadOnlyList<StoreOp> branch) => branch.Sum(op => op switch
    {
        StoreOp.Put put => Bytes(put.Key) + Bytes(put.Value),
        StoreOp.Delete delete => Bytes(delete.Key),
        StoreOp.DeletePrefix delete => Bytes(delete.Prefix),
        StoreOp.Get get => Bytes(get.Key),
        _ => 0,
    });

    private static long Bytes(string text) => Encoding.UTF8.GetByteCount(text);
}
