namespace Tangram.Observing;

/// <summary>For web applications inside this process: the host's own lifetime would take Ctrl-C and SIGTERM away from
/// us.</summary>
internal sealed class OurLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
