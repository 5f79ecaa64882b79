using Microsoft.Extensions.ObjectPool;

namespace Tangram.Routing;

/// <summary>Sends one attempt of a request that is safe to repeat, and gives it up when its backend becomes unreachable
/// before an answer has begun. An answer that flows is left alone: its connection may come back.</summary>
/// <param name="unreachable">Fires when no connection to the backend comes about any more.</param>
internal sealed class PatientClient(BackendClient client, CancellationToken unreachable)
    : HttpMessageInvoker(client.Handler, disposeHandler: false)
{
    private static readonly ObjectPool<CancellationTokenSource> Sources = ObjectPool.Create(new Resetting());

    /// <exception cref="HttpRequestException">Also when it was given up: what was sent may have arrived.</exception>
    public override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var source = Sources.Get();
        try
        {
            using (cancellationToken.UnsafeRegister(Cancel, source))
            using (unreachable.UnsafeRegister(Cancel, source))
                return await client.SendAsync(request, source.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (
            unreachable.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(HttpRequestError.Unknown, "the backend cannot be reached any more", e);
        }
        finally
        {
            Sources.Return(source);
        }
    }

    private static void Cancel(object? source) => ((CancellationTokenSource)source!).Cancel();

    private sealed class Resetting : PooledObjectPolicy<CancellationTokenSource>
    {
        public override CancellationTokenSource Create() => new();
        public override bool Return(CancellationTokenSource obj) => obj.TryReset();
    }
}
