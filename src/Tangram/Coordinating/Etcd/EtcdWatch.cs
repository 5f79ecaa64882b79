using Grpc.Core;

namespace Tangram.Coordinating.Etcd;

/// <summary>One watch on one connection. It ends with the connection; who reads it opens the next.</summary>
internal sealed class EtcdWatch : IDisposable
{
    private readonly AsyncDuplexStreamingCall<Wire.WatchRequest, Wire.WatchResponse> _call;
    private readonly WatchAssembly _assembly;
    private readonly CancellationToken _cancellation;

    private EtcdWatch(EtcdConnection connection, EtcdKeys keys, long from, CancellationToken cancellation)
    {
        (Connection, _cancellation) = (connection, cancellation);
        _assembly = new WatchAssembly(keys, from);
        _call = connection.Watch.Watch(EtcdConnection.Call(cancellation));
    }

    public EtcdConnection Connection { get; }

    /// <summary>Why it has ended.</summary>
    public string End { get; private set; } = "";

    /// <summary>Throws what <see cref="EtcdFault.Expected"/> names.</summary>
    /// <param name="from">Inclusive. It is opened one revision earlier, see <see cref="EtcdStore"/>.</param>
    public static async Task<EtcdWatch> OpenAsync(
        EtcdConnection connection, EtcdKeys keys, string prefix, long from, CancellationToken cancellation)
    {
        var watch = new EtcdWatch(connection, keys, from, cancellation);
        try
        {
            var (key, end) = keys.Under(prefix);
            await watch._call.RequestStream.WriteAsync(new Wire.WatchRequest
            {
                CreateRequest = new Wire.WatchCreateRequest
                {
                    Key = key, RangeEnd = end, StartRevision = Math.Max(1, from - 1), Fragment = true,
                },
            }, CancellationToken.None);
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>The next batches, at least one; null when the stream has ended.</summary>
    public async Task<IReadOnlyList<StoreBatch>?> NextAsync()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(_cancellation))
            {
                var response = _call.ResponseStream.Current;
                if (_assembly.Add(response) is { Count: > 0 } batches) return batches;
                if (!response.Canceled) continue;
                End = response.CancelReason;
                return null;
            }
            End = "the stream was closed";
        }
        catch (Exception e) when (EtcdFault.Expected(e))
        {
            End = EtcdFault.Words(e);
        }
        return null;
    }

    public void Dispose() => _call.Dispose();
}
