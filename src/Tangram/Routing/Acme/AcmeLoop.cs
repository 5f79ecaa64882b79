using System.Security.Cryptography;
using System.Text.Json;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Acme;

/// <summary>The shell around <see cref="AcmeMachine"/>, on each server: asks the authority, and reads the wall
/// clock.</summary>
internal sealed class AcmeLoop
{
    private static readonly TimeSpan ClockEvery = TimeSpan.FromSeconds(1);

    /// <summary>An authority that is busy takes a minute or two for an order.</summary>
    private static readonly TimeSpan LongestOrder = TimeSpan.FromMinutes(5);

    private readonly MachineLoop _loop;
    private readonly TimeProvider _time;
    private readonly Action<string, string> _announce;
    private Errand? _errand;

    /// <summary>What the authority is being asked, one at a time.</summary>
    private sealed record Errand(long Request, CancellationTokenSource Cancel)
    {
        public TaskCompletionSource Met { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public Task Running { get; set; } = Task.CompletedTask;
    }

    /// <param name="self">As this server leads.</param>
    public AcmeLoop(Term self, IStore store, MonotonicClock clock, Action<string, string> announce)
    {
        (_time, _announce) = (clock.Time, announce);
        var machine = new AcmeMachine(self, new Rng((ulong)clock.Time.GetTimestamp()));
        _loop = new MachineLoop(machine, store, clock, Perform);
    }

    public void Post(Event @event) => _loop.Post(@event);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var ticking = _time.CreateTimer(
            _ => Post(new AcmeClock(_time.GetUtcNow())), null, TimeSpan.Zero, ClockEvery);
        await _loop.RunAsync(cancellation).ConfigureAwait(false);
        if (_errand is not { } errand) return;
        await errand.Cancel.CancelAsync().ConfigureAwait(false);
        await errand.Running.ConfigureAwait(false);
        errand.Cancel.Dispose();
    }

    private void Perform(Effect effect)
    {
        switch (effect)
        {
            case Effect.Announce announce:
                _announce(announce.Subject, announce.What);
                break;
            case MakeAcmeAccount make:
                Begin(make.Request, make.Spec, null, async (client, _, cancellation) =>
                    new AcmeAccountMade(make.Request, await client.MakeAccountAsync(cancellation)));
                break;
            case OrderCertificate order:
                Begin(order.Request, order.Spec, order.Account, async (client, errand, cancellation) =>
                    new AcmeIssued(order.Request, await client.OrderAsync(order.Domain, async challenge =>
                    {
                        Post(new AcmeChallenged(order.Request, challenge));
                        await errand.Met.Task.WaitAsync(cancellation);
                    }, cancellation)));
                break;
            case MeetAcmeChallenge met when met.Request == _errand?.Request:
                _errand.Met.TrySetResult();
                break;
            case AbandonAcme abandon when abandon.Request == _errand?.Request:
                _errand.Cancel.Cancel();
                break;
        }
    }

    private void Begin(long request, AcmeSpec spec, AcmeAccount? account,
        Func<AcmeClient, Errand, CancellationToken, Task<Event>> ask)
    {
        var (before, errand) = (_errand, new Errand(request, new CancellationTokenSource(LongestOrder, _time)));
        before?.Cancel.Cancel();
        _errand = errand;
        errand.Running = Task.Run(async () =>
        {
            if (before is not null) await before.Running.ConfigureAwait(false);
            before?.Cancel.Dispose();
            Post(await AskAsync(errand, spec, account, ask).ConfigureAwait(false));
        });
    }

    private async Task<Event> AskAsync(Errand errand, AcmeSpec spec, AcmeAccount? account,
        Func<AcmeClient, Errand, CancellationToken, Task<Event>> ask)
    {
        try
        {
            using var client = new AcmeClient(spec, account, _time);
            return await ask(client, errand, errand.Cancel.Token).ConfigureAwait(false);
        }
        catch (AcmeException e)
        {
            return new AcmeFailed(errand.Request, e.Message, e.NotBefore, e.Type == "accountDoesNotExist");
        }
        catch (TrustException e)
        {
            return new AcmeFailed(errand.Request, e.Message.TrimEnd('.'));
        }
        catch (OperationCanceledException)
        {
            return new AcmeFailed(errand.Request, $"it was not done within {LongestOrder.TotalMinutes:0} min");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or CryptographicException or JsonException
            or FormatException or InvalidOperationException)
        {
            return new AcmeFailed(errand.Request, $"it cannot be asked: {Innermost(e).Message.TrimEnd('.')}");
        }
    }

    /// <summary>"The SSL connection could not be established, see inner exception" helps nobody.</summary>
    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
