namespace Tangram.Coordinating;

/// <summary>What a store answers after it was closed.</summary>
internal static class Closed
{
    public const string Error = "the store is closed";

    public static readonly TxnAnswer Txn = TxnAnswer.Failed(StoreStatus.Unavailable, Error);
    public static readonly RangeAnswer Range = new(StoreStatus.Unavailable, 0, [], Error);
    public static readonly LeaseAnswer Lease = new(StoreStatus.Unavailable, 0, TimeSpan.Zero, Error);
}
