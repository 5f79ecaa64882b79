using Google.Protobuf;

namespace Tangram.Coordinating.Etcd;

/// <summary>Keys as they are in etcd: ours with a prefix before them.</summary>
internal sealed class EtcdKeys(string keyPrefix)
{
    private static readonly ByteString Zero = ByteString.CopyFrom(0);

    public ByteString Key(string key) => ByteString.CopyFromUtf8(keyPrefix + key);

    /// <summary>All keys that begin with a prefix, as etcd's half-open range.</summary>
    public (ByteString From, ByteString End) Under(string prefix)
    {
        var from = Key(prefix);
        // From zero to zero is etcd's notation for everything.
        if (from.IsEmpty) return (Zero, Zero);
        var end = from.ToByteArray();
        end[^1]++;   // cannot overflow: no byte of UTF-8 is 255
        return (from, ByteString.CopyFrom(end));
    }

    public KeyValue Read(Wire.KeyValue pair) => new(
        pair.Key.ToStringUtf8()[keyPrefix.Length..], pair.Value.ToStringUtf8(), pair.CreateRevision, pair.ModRevision,
        pair.Version, pair.Lease);

    public KeyChange Read(Wire.Event change) =>
        new(Read(change.Kv), change.Type == Wire.Event.Types.EventType.Delete);
}
