using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Has the backends of every service compared now and then.</summary>
/// <param name="home">The gateway's own zone; null: it has none.</param>
/// <param name="tell">A service, and what happened to it.</param>
internal sealed class AppraisalLoop(Routes routes, TimeProvider time, ZoneName? home, Action<string, string> tell)
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
                {
                    Appraisal.Look(service, routes.NextChance(), routes.Now);
                    ZoneBalance.Look(service, home, routes.Now, what => tell(service.Name.Value, what));
                    if (service.Counters.Degrade.News(routes.Now) is { } news) tell(service.Name.Value, news);
                }
                _marking.Look(routes.Table, routes.Now);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { /* The gateway ends. */ }
    }
}
