namespace Tangram.Routing;

/// <summary>Has the backends of every service compared now and then.</summary>
internal sealed class AppraisalLoop(Routes routes, TimeProvider time)
{
    private readonly Records.Marking _marking = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Appraisal.Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                foreach (var service in routes.Table.Services)
                    Appraisal.Look(service, routes.NextChance(), routes.Now);
                _marking.Look(routes.Table, routes.Now);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { /* The gateway ends. */ }
    }
}
