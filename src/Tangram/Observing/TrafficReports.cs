using Tangram.Coordinating.Link;
using LinkOptions = Tangram.Coordinating.Link.LinkOptions;

namespace Tangram.Observing;

/// <summary>Tells every server now and then what this gateway has counted, so that each can say it to people. Nothing
/// depends on it: who does not answer is told the next time.</summary>
internal sealed class TrafficReports(LinkOptions options, TimeProvider time, Func<GatewayTrafficView> view)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>A backend is about 400 bytes; so no gateway tells more than 400 kB a second to each server.</summary>
    private static readonly TimeSpan RestPerBackend = TimeSpan.FromMilliseconds(1);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var channels = options.Servers.Select(address => new LinkChannel(address, options)).ToArray();
        try
        {
            while (true)
            {
                var told = view();
                var text = ViewJson.Write(told);
                await Task.WhenAll(channels.Select(channel => TellAsync(channel, text, cancellation)))
                    .ConfigureAwait(false);
                await Task.Delay(Every + RestPerBackend * told.Services.Sum(s => s.Backends.Count), time, cancellation)
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The gateway ends.
        }
        finally
        {
            foreach (var channel in channels) channel.Dispose();
        }
    }

    private async Task TellAsync(LinkChannel channel, string text, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.CallPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await channel.Server.ReportAsync(new() { Traffic = text }, channel.Call(either.Token));
        }
        catch (Exception e) when (LinkChannel.Expected(e))
        {
            // A server that is gone, or older, and does not know this.
        }
    }
}
