using Google.Protobuf;

namespace Tangram.Coordinating.Etcd;

/// <summary>Transactions in etcd's words.</summary>
internal static class EtcdTxn
{
    /// <summary>Whether it changes nothing whichever branch runs, so that it may be repeated.</summary>
    public static bool OnlyReads(this Txn txn) => txn.Then.Concat(txn.Else).All(op => op is StoreOp.Get);

    public static Wire.TxnRequest Write(this Txn txn, EtcdKeys keys)
    {
        var request = new Wire.TxnRequest();
        request.Compare.AddRange(txn.Compares.Select(compare => Write(compare, keys)));
        request.Success.AddRange(txn.Then.Select(op => Write(op, keys)));
        request.Failure.AddRange(txn.Else.Select(op => Write(op, keys)));
        return request;
    }

    public static TxnAnswer Read(Wire.TxnResponse response, EtcdKeys keys) => new(
        StoreStatus.Ok, response.Succeeded, response.Header.Revision,
        [.. from answer in response.Responses
            where answer.ResponseCase == Wire.ResponseOp.ResponseOneofCase.ResponseRange
            let pairs = answer.ResponseRange.Kvs
            select pairs.Count == 0 ? null : keys.Read(pairs[0])]);

    private static Wire.Compare Write(Compare compare, EtcdKeys keys)
    {
        var wire = new Wire.Compare
        {
            Key = keys.Key(compare.Key),
            Result = compare.Result switch
            {
                CompareResult.Equal => Wire.Compare.Types.CompareResult.Equal,
                CompareResult.NotEqual => Wire.Compare.Types.CompareResult.NotEqual,
                CompareResult.Less => Wire.Compare.Types.CompareResult.Less,
                CompareResult.Greater => Wire.Compare.Types.CompareResult.Greater,
                _ => throw new ArgumentOutOfRangeException(nameof(compare), compare.Result, "unknown result"),
            },
        };
        switch (compare.Target)
        {
            case CompareTarget.ModRevision:
                (wire.Target, wire.ModRevision) = (Wire.Compare.Types.CompareTarget.Mod, compare.Number);
                break;
            case CompareTarget.CreateRevision:
                (wire.Target, wire.CreateRevision) = (Wire.Compare.Types.CompareTarget.Create, compare.Number);
                break;
            case CompareTarget.Version:
                (wire.Target, wire.Version) = (Wire.Compare.Types.CompareTarget.Version, compare.Number);
                break;
            case CompareTarget.Value:
                wire.Target = Wire.Compare.Types.CompareTarget.Value;
                wire.Value = ByteString.CopyFromUtf8(compare.Text);
                break;
            default: throw new ArgumentOutOfRangeException(nameof(compare), compare.Target, "unknown target");
        }
        return wire;
    }

    private static Wire.RequestOp Write(StoreOp op, EtcdKeys keys)
    {
        switch (op)
        {
            case StoreOp.Put put:
                var value = ByteString.CopyFromUtf8(put.Value);
                return new Wire.RequestOp
                {
                    RequestPut = new Wire.PutRequest { Key = keys.Key(put.Key), Value = value, Lease = put.Lease },
                };
            case StoreOp.Delete delete:
                return new Wire.RequestOp
                {
                    RequestDeleteRange = new Wire.DeleteRangeRequest { Key = keys.Key(delete.Key) },
                };
            case StoreOp.DeletePrefix delete:
                var (from, end) = keys.Under(delete.Prefix);
                return new Wire.RequestOp
                {
                    RequestDeleteRange = new Wire.DeleteRangeRequest { Key = from, RangeEnd = end },
                };
            case StoreOp.Get get:
                return new Wire.RequestOp { RequestRange = new Wire.RangeRequest { Key = keys.Key(get.Key) } };
            default: throw new ArgumentOutOfRangeException(nameof(op), op, "unknown operation");
        }
    }
}
