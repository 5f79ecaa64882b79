using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Lets requests in where their service has an admission, has them wait, or refuses them.</summary>
internal sealed class AdmissionDoor(Routes routes, TimeProvider time)
{
    /// <param name="deadline">Of the request; null: none.</param>
    /// <returns>Null: it is refused. Else what <see cref="AdmissionTicket.Leave"/> must be called of.</returns>
    public async ValueTask<AdmissionTicket?> EnterAsync(
        HttpContext context, Admission admission, PriorityClass @class, Instant? deadline)
    {
        if (!admission.TryEnter())
        {
            var patience = admission.Spec.QueueTime;
            if (deadline - routes.Now is { } left && left < patience) patience = left;
            var waiting = new Queued(admission, @class);
            if (patience <= TimeSpan.Zero || !admission.TryWait(waiting)) return null;
            if (!await waiting.AdmittedAsync(patience, time, context.RequestAborted).ConfigureAwait(false)) return null;
        }
        var ticket = new AdmissionTicket(admission);
        // What comes after the answer's head is no work that waits.
        context.Response.OnStarting(static ticket =>
        {
            ((AdmissionTicket)ticket).Leave();
            return Task.CompletedTask;
        }, ticket);
        return ticket;
    }

    /// <summary>Ends without an exception: under overload that would cost more than the request.</summary>
    private sealed class Queued(Admission admission, PriorityClass @class) : Waiting(@class)
    {
        private readonly TaskCompletionSource<bool> _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected internal override void Settle(bool admitted) => _settled.TrySetResult(admitted);

        public async ValueTask<bool> AdmittedAsync(TimeSpan patience, TimeProvider time, CancellationToken gone)
        {
            await using var timer = time.CreateTimer(GiveUp, this, patience, Timeout.InfiniteTimeSpan);
            await using var left = gone.UnsafeRegister(GiveUp, this);
            return await _settled.Task.ConfigureAwait(false);
        }

        private static void GiveUp(object? state)
        {
            var queued = (Queued)state!;
            if (queued.Admission.GiveUp(queued)) queued.Settle(admitted: false);
        }

        private Admission Admission => admission;
    }
}

/// <summary>A request that was let in.</summary>
internal sealed class AdmissionTicket(Admission admission)
{
    private int _left;

    /// <summary>Its answer begins, or it ends without one. What follows the first call has no effect.</summary>
    public void Leave()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0) admission.Leave();
    }
}
