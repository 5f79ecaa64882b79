using System.Globalization;
using Tangram.Cli;
using Tangram.Model;

namespace Tangram.Proving.Faults.Streams;

/// <summary>The gateway reaches replicas by way of us, and we hold up, change or swallow what passes. The gateway's
/// detour is a lease: when we are gone, connections go directly again.</summary>
internal sealed class DetouredReplicas(FaultOrder order, FaultPlace place) : HeldFault
{
    /// <summary>Three renewals may be late, and who is gone is missed for much less than a second.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMilliseconds(600), Renewed = TimeSpan.FromMilliseconds(150);

    /// <summary>Until it strikes all passes untouched: so connections are open that it can strike.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    /// <summary>What is open at the end may end in order: a request that takes long is no part of the fault.</summary>
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan EndedWithin = TimeSpan.FromSeconds(2);

    private readonly List<(string Replica, StreamProxy Proxy)> _proxies = [];
    private readonly CancellationTokenSource _over = new();
    private StreamTally? _tally;
    private Task _renewing = Task.CompletedTask;
    private ClusterClient? _client;

    private ImpairmentSpec Spec => order.Impairment ?? ImpairmentSpec.Usual(order.Kind);

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        foreach (var replica in order.Replicas)
        {
            if (place.Stranger(replica.Replica, replica.Pid) is { } why) throw new FaultMissedException(why);
            if (replica.Port is null) throw new FaultMissedException($"{replica.Replica} does not listen on a port");
        }
        (_tally, _client) = (new StreamTally(time), place.Client());
        var rng = new Rng(order.Seed);
        foreach (var replica in order.Replicas)
            _proxies.Add((replica.Replica, new StreamProxy(replica.Port!.Value,
                new ImpairedPath(order.Kind, Spec, rng.Split(), _tally, time), time)));
        try
        {
            await Task.WhenAll(_proxies.Select(one => LeadAsync(one.Replica, one.Proxy.Port, Lease, _over.Token)))
                .ConfigureAwait(false);
        }
        catch (CommandFailure e)
        {
            throw new FaultMissedException(e.Message);
        }
        _renewing = Task.Run(() => RenewAsync(time));
        await Task.Delay(Settling, time).ConfigureAwait(false);
        _tally.Begin();
        var open = _proxies.Sum(one => one.Proxy.Open);
        await Task.WhenAll(_proxies.Select(one => one.Proxy.StrikeAsync())).ConfigureAwait(false);
        return $"{StreamFigures.Asked(order.Kind, Spec)}, between the gateway and " +
            string.Join(", ", _proxies.Select(one => string.Create(CultureInfo.InvariantCulture,
                $"{one.Replica} (by way of 127.0.0.1:{one.Proxy.Port})"))) + $"; {open} connections open" +
            (order.Kind == FaultKind.NetworkCut ? ", and new ones do not come about" : "");
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        if (_tally is null) return "nothing was touched";
        await _over.CancelAsync().ConfigureAwait(false);
        var hung = await Task.WhenAll(_proxies.Select(one => one.Proxy.HungAsync())).ConfigureAwait(false);
        var figures = _tally.End() with { Hung = hung.Sum(), Untouched = _proxies.Sum(one => one.Proxy.Untouched) };
        foreach (var (_, proxy) in _proxies) await proxy.LiftAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        using (var patience = new CancellationTokenSource(EndedWithin, time))
            foreach (var (replica, proxy) in _proxies)
                await EndAsync(replica, proxy.Port, patience.Token).ConfigureAwait(false);
        await Task.WhenAll(_proxies.Select(one => one.Proxy.CloseAsync(Lingering))).ConfigureAwait(false);
        _client?.Dispose();
        _over.Dispose();
        return figures.Sentence(order.Kind, Spec);
    }

    private Task LeadAsync(string replica, int port, TimeSpan lasts, CancellationToken cancellation) =>
        _client!.PostAsync(string.Create(CultureInfo.InvariantCulture,
            $"/v1/detour/{Uri.EscapeDataString(replica)}?port={port}&for={lasts.TotalMilliseconds:0}ms"), null,
            cancellation);

    private async Task RenewAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Renewed, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
                await Task.WhenAll(_proxies.Select(one => RenewAsync(one.Replica, one.Proxy.Port)))
                    .ConfigureAwait(false);
        }
        catch (OperationCanceledException) { }
    }

    /// <summary>A daemon that is away for a while is told again when it is back.</summary>
    private async Task RenewAsync(string replica, int port)
    {
        try { await LeadAsync(replica, port, Lease, _over.Token).ConfigureAwait(false); }
        catch (CommandFailure) { }
    }

    /// <summary>Should nobody hear it, it ends by itself.</summary>
    private async Task EndAsync(string replica, int port, CancellationToken cancellation)
    {
        try { await LeadAsync(replica, port, TimeSpan.Zero, cancellation).ConfigureAwait(false); }
        catch (Exception e) when (e is CommandFailure or OperationCanceledException) { }
    }
}
