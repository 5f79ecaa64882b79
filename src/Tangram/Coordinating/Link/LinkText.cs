using Tangram.Model;

namespace Tangram.Coordinating.Link;

/// <summary>The store's shapes as they go over a link, and back.</summary>
internal static class LinkText
{
    public static Wire.Pair Write(KeyValue? pair, bool deleted = false) =>
        pair is null ? new Wire.Pair() : new Wire.Pair
    {
        Key = pair.Key, Value = pair.Value, CreateRevision = pair.CreateRevision, ModRevision = pair.ModRevision,
        Version = pair.Version, Lease = pair.Lease, Deleted = deleted,
    };

    public static KeyValue Read(Wire.Pair pair) =>
        new(pair.Key, pair.Value, pair.CreateRevision, pair.ModRevision, pair.Version, pair.Lease);

    public static Wire.BatchSaid Write(StoreBatch batch) => new()
    {
        Revision = batch.Revision, Compacted = batch.Compacted,
        Changes = { batch.Changes.Select(c => Write(c.Pair, c.Deleted)) },
    };

    public static StoreBatch Read(Wire.BatchSaid batch) =>
        new(batch.Revision, [.. batch.Changes.Select(c => new KeyChange(Read(c), c.Deleted))], batch.Compacted);

    public static Wire.RangeSaid Write(RangeAnswer answer) => new()
    {
        Status = (int)answer.Status, Revision = answer.Revision, Error = answer.Error,
        Pairs = { answer.Pairs.Select(p => Write(p)) },
    };

    public static RangeAnswer Read(Wire.RangeSaid said) =>
        new((StoreStatus)said.Status, said.Revision, [.. said.Pairs.Select(Read)], said.Error);

    public static Wire.CommitAsk Write(Txn txn) => new()
    {
        Compares =
        {
            txn.Compares.Select(c => new Wire.Comparison
            {
                Key = c.Key, Target = (int)c.Target, Result = (int)c.Result, Number = c.Number, Text = c.Text,
            }),
        },
        Then = { txn.Then.Select(Write) },
        Else = { txn.Else.Select(Write) },
    };

    public static Txn Read(Wire.CommitAsk ask) => new()
    {
        Compares = [.. ask.Compares.Select(c =>
            new Compare(c.Key, (CompareTarget)c.Target, (CompareResult)c.Result, c.Number, c.Text))],
        Then = [.. ask.Then.Select(Read)],
        Else = [.. ask.Else.Select(Read)],
    };

    public static Wire.CommitSaid Write(TxnAnswer answer) => new()
    {
        Status = (int)answer.Status, Succeeded = answer.Succeeded, Revision = answer.Revision, Error = answer.Error,
        Gets = { answer.Gets.Select(p => Write(p)) },
    };

    public static TxnAnswer Read(Wire.CommitSaid said) => new((StoreStatus)said.Status, said.Succeeded, said.Revision,
        [.. said.Gets.Select(p => p.Key == "" ? null : Read(p))], said.Error);

    public static Wire.LeaseSaid Write(LeaseAnswer answer) => new()
    {
        Status = (int)answer.Status, Lease = answer.Lease, TtlMs = (long)answer.Ttl.TotalMilliseconds,
        Error = answer.Error,
    };

    public static LeaseAnswer Read(Wire.LeaseSaid said) =>
        new((StoreStatus)said.Status, said.Lease, TimeSpan.FromMilliseconds(said.TtlMs), said.Error);

    public static Wire.Heartbeat Write(Message message) => new()
    {
        From = message.From.Value, Incarnation = message.Incarnation,
        Unheard = { message.Unheard.Select(n => n.Value) },
    };

    public static Message Read(Wire.Heartbeat beat) =>
        new(NodeName.Of(beat.From), beat.Incarnation, beat.Unheard.Select(NodeName.Of).ToEquatableArray());

    private static Wire.Operation Write(StoreOp op) => op switch
    {
        StoreOp.Put put =>
            new() { Kind = Wire.Operation.Types.Kind.Put, Key = put.Key, Value = put.Value, Lease = put.Lease },
        StoreOp.Delete delete => new() { Kind = Wire.Operation.Types.Kind.Delete, Key = delete.Key },
        StoreOp.DeletePrefix delete => new() { Kind = Wire.Operation.Types.Kind.DeletePrefix, Key = delete.Prefix },
        StoreOp.Get get => new() { Kind = Wire.Operation.Types.Kind.Get, Key = get.Key },
        _ => throw new InvalidOperationException($"{op.GetType().Name} has no form on the wire"),
    };

    private static StoreOp Read(Wire.Operation op) => op.Kind switch
    {
        Wire.Operation.Types.Kind.Put => new StoreOp.Put(op.Key, op.Value, op.Lease),
        Wire.Operation.Types.Kind.Delete => new StoreOp.Delete(op.Key),
        Wire.Operation.Types.Kind.DeletePrefix => new StoreOp.DeletePrefix(op.Key),
        Wire.Operation.Types.Kind.Get => new StoreOp.Get(op.Key),
        _ => throw new FormatException($"operation {op.Kind} is unknown"),
    };
}
