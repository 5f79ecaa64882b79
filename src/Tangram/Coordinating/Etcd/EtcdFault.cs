using System.Net.Http;
using Grpc.Core;

namespace Tangram.Coordinating.Etcd;

/// <summary>What a call that failed leaves us knowing.</summary>
internal enum EtcdFate
{
    /// <summary>It reached no log: another member may be asked.</summary>
    NeverSent,
    /// <summary>etcd answered no. It did not happen, and would be refused again.</summary>
    Refused,
    /// <summary>It may have happened, or may yet.</summary>
    Lost,
}

/// <param name="Code">What a refusal was about.</param>
internal sealed record EtcdFault(EtcdFate Fate, StatusCode Code, string Error)
{
    private const string FromEtcd = "etcdserver: ";

    /// <summary>Whether an exception is an answer of a bad day rather than a defect of ours.</summary>
    public static bool Expected(Exception e) =>
        e is RpcException or OperationCanceledException or ObjectDisposedException or HttpRequestException
            or IOException or InvalidOperationException;

    public static EtcdFault Of(Exception e)
    {
        // The channel was closed before the call began.
        if (e is ObjectDisposedException)
            return new EtcdFault(EtcdFate.NeverSent, StatusCode.Cancelled, "the connection was closed");
        if (e is not RpcException rpc) return new EtcdFault(EtcdFate.Lost, StatusCode.Unknown, e.Message);
        var said = rpc.Status.Detail;
        return new EtcdFault(Judge(rpc.StatusCode, said, rpc.Status.DebugException), rpc.StatusCode, Words(rpc));
    }

    /// <summary>What etcd said, or the innermost reason why there was no answer.</summary>
    public static string Words(Exception e)
    {
        if (e is RpcException { Status.DebugException: null } rpc) return $"{rpc.Status.Detail} ({rpc.StatusCode})";
        return Cause(e).Message.ReplaceLineEndings(" ").TrimEnd('.');
    }

    /// <summary>The innermost exception that says something: that a stream was already closed says nothing.</summary>
    public static Exception Cause(Exception e)
    {
        var cause = (e as RpcException)?.Status.DebugException ?? e;
        while (cause.InnerException is { } inner and not ObjectDisposedException) cause = inner;
        return cause;
    }

    private static EtcdFate Judge(StatusCode code, string said, Exception? cause)
    {
        if (NeverConnected(cause)) return EtcdFate.NeverSent;
        // With `hasleader` a member that knows no leader answers this before it looks at the request; and raft drops
        // what it cannot forward. Neither is said of a request that was proposed.
        if (said is FromEtcd + "no leader" or "raft proposal dropped") return EtcdFate.NeverSent;
        return code switch
        {
            StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.AlreadyExists or StatusCode.OutOfRange
                or StatusCode.FailedPrecondition or StatusCode.PermissionDenied or StatusCode.Unauthenticated
                or StatusCode.Unimplemented => EtcdFate.Refused,
            // Our own client says the same of an answer that is too large, and that one did happen.
            StatusCode.ResourceExhausted when said.StartsWith(FromEtcd, StringComparison.Ordinal)
                || said.StartsWith("grpc: received message larger", StringComparison.Ordinal) => EtcdFate.Refused,
            _ => EtcdFate.Lost,
        };
    }

    private static bool NeverConnected(Exception? cause)
    {
        for (; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError,
                })
                return true;
            // The only timeout that the handler has is that of connecting.
            if (cause is OperationCanceledException { InnerException: TimeoutException }) return true;
        }
        return false;
    }
}
