using Google.Protobuf;
using Tangram.Coordinating.Etcd;
using Wire = Tangram.Coordinating.Etcd.Wire;

namespace Tangram.Tests.Coordinating.Etcd;

public sealed class WatchAssemblyTests
{
    private readonly WatchAssembly _assembly = new(new EtcdKeys("/p/"), from: 5);

    [Fact]
    public void Several_revisions_in_one_response_are_several_batches()
    {
        var batches = _assembly.Add(Response(false, (5, "a"), (5, "b"), (6, "a"), (9, "c")));
        Assert.Equal([5, 6, 9], batches.Select(batch => batch.Revision));
        Assert.Equal(["a", "b"], batches[0].Changes.Select(change => change.Pair.Key));
    }

    [Fact]
    public void A_revision_that_was_split_is_one_batch()
    {
        Assert.Empty(_assembly.Add(Response(true, (5, "a"), (6, "a"))));
        Assert.Empty(_assembly.Add(Response(true, (6, "b"))));
        var batches = _assembly.Add(Response(false, (6, "c"), (7, "a")));
        Assert.Equal([5, 6, 7], batches.Select(batch => batch.Revision));
        Assert.Equal(["a", "b", "c"], batches[1].Changes.Select(change => change.Pair.Key));
    }

    [Fact]
    public void What_was_delivered_or_not_asked_for_is_dropped()
    {
        Assert.Equal([5], _assembly.Add(Response(false, (4, "a"), (5, "a"))).Select(batch => batch.Revision));
        Assert.Empty(_assembly.Add(Response(false, (5, "a"))));
        Assert.Equal([6], _assembly.Add(Response(false, (5, "a"), (6, "a"))).Select(batch => batch.Revision));
    }

    [Fact]
    public void A_compacted_watch_is_one_batch_that_says_so()
    {
        var gap = Assert.Single(_assembly.Add(new Wire.WatchResponse { Canceled = true, CompactRevision = 41 }));
        Assert.True(gap.Compacted);
        Assert.Equal(42, gap.Revision);
        Assert.Empty(gap.Changes);
    }

    [Fact]
    public void A_response_without_events_is_nothing() => Assert.Empty(_assembly.Add(Response(false)));

    private static Wire.WatchResponse Response(bool fragment, params (long Revision, string Key)[] events)
    {
        var response = new Wire.WatchResponse { Fragment = fragment };
        response.Events.AddRange(events.Select(e => new Wire.Event
        {
            Kv = new Wire.KeyValue { Key = ByteString.CopyFromUtf8("/p/" + e.Key), ModRevision = e.Revision },
        }));
        return response;
    }
}
