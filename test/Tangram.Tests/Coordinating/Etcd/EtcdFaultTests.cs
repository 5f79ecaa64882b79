using System.Net.Http;
using Grpc.Core;
using Tangram.Coordinating.Etcd;

namespace Tangram.Tests.Coordinating.Etcd;

/// <summary>When in doubt, it may have happened.</summary>
public sealed class EtcdFaultTests
{
    [Theory]
    [InlineData(StatusCode.NotFound, "etcdserver: requested lease not found", EtcdFate.Refused)]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: duplicate key given in txn request", EtcdFate.Refused)]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded", EtcdFate.Refused)]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: too many requests", EtcdFate.Refused)]
    [InlineData(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size.",
        EtcdFate.Lost)]
    [InlineData(StatusCode.Unavailable, "etcdserver: no leader", EtcdFate.NeverSent)]
    [InlineData(StatusCode.Unknown, "raft proposal dropped", EtcdFate.NeverSent)]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out", EtcdFate.Lost)]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out, possibly due to previous leader failure",
        EtcdFate.Lost)]
    [InlineData(StatusCode.Unavailable, "etcdserver: server stopped", EtcdFate.Lost)]
    [InlineData(StatusCode.Unavailable, "transport is closing", EtcdFate.Lost)]
    [InlineData(StatusCode.Cancelled, "gRPC call disposed.", EtcdFate.Lost)]
    [InlineData(StatusCode.DeadlineExceeded, "", EtcdFate.Lost)]
    public void What_etcd_says_is_taken_for_no_more_than_it_is(StatusCode code, string said, object fate) =>
        Assert.Equal(fate, EtcdFault.Of(new RpcException(new Status(code, said))).Fate);

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, EtcdFate.NeverSent)]
    [InlineData(HttpRequestError.NameResolutionError, EtcdFate.NeverSent)]
    [InlineData(HttpRequestError.SecureConnectionError, EtcdFate.NeverSent)]
    [InlineData(HttpRequestError.HttpProtocolError, EtcdFate.Lost)]
    [InlineData(HttpRequestError.ResponseEnded, EtcdFate.Lost)]
    [InlineData(HttpRequestError.Unknown, EtcdFate.Lost)]
    public void Only_a_connection_that_was_never_made_is_certain(HttpRequestError error, object fate) => Assert.Equal(
        fate, EtcdFault.Of(Failed(new HttpRequestException(error, "no", new IOException("broken")))).Fate);

    [Fact]
    public void A_connection_that_took_too_long_was_never_made()
    {
        var late = new TaskCanceledException("late", new TimeoutException("no connection"));
        Assert.Equal(EtcdFate.NeverSent, EtcdFault.Of(Failed(late)).Fate);
        Assert.Equal(EtcdFate.Lost, EtcdFault.Of(Failed(new TaskCanceledException("cancelled"))).Fate);
    }

    [Fact]
    public void The_innermost_reason_is_told()
    {
        var refused = new HttpRequestException(
            HttpRequestError.ConnectionError, "connecting failed", new IOException("Connection refused."));
        Assert.Equal("Connection refused", EtcdFault.Words(Failed(refused)));
    }

    private static RpcException Failed(Exception cause) =>
        new(new Status(StatusCode.Unavailable, "Error starting gRPC call.", cause));
}
