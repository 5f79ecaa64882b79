using System.Threading.Channels;

namespace Tangram.Coordinating.Link;

/// <summary>Heartbeats to one server or neighbour. They may be lost, and never wait: an old one says nothing that the
/// next does not say better.</summary>
internal sealed class HeartbeatLine : IAsyncDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Message> _waiting = Channel.CreateBounded<Message>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly LinkOptions _options;
    private readonly TimeProvider _time;
    private readonly string _address;
    private readonly PeerRole _to;
    private readonly Task _running;

    public HeartbeatLine(string address, PeerRole to, LinkOptions options, TimeProvider time)
    {
        (_address, _to, _options, _time) = (address, to, options, time);
        _running = RunAsync();
    }

    public void Send(Message message) => _waiting.Writer.TryWrite(message);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await SpeakAsync().ConfigureAwait(false);
                await Task.Delay(Again, _time, _closing.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Until the connection fails; HTTP/2's own pings notice one that is silent.</summary>
    private async Task SpeakAsync()
    {
        await _waiting.Reader.WaitToReadAsync(_closing.Token).ConfigureAwait(false);
        using var channel = new LinkChannel(_address, _options, _to);
        try
        {
            using var call = channel.Hearer.Beat(channel.Call(_closing.Token));
            await foreach (var message in _waiting.Reader.ReadAllAsync(_closing.Token).ConfigureAwait(false))
            {
                var written = call.RequestStream.WriteAsync(LinkText.Write(message), _closing.Token);
                // The other side answers only to refuse, or when it goes.
                if (await Task.WhenAny(written, call.ResponseAsync).ConfigureAwait(false) != written) return;
                await written.ConfigureAwait(false);
                if (call.ResponseAsync.IsCompleted) return;
            }
        }
        catch (Exception e) when (LinkChannel.Expected(e))
        {
            // Also when it was closed in the middle of a write, which gRPC reports as an error of the call.
        }
    }
}
