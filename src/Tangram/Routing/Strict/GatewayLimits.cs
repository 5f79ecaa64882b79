using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing.Strict;

/// <summary>What clients may send, and how slowly. Kestrel looks at its limits when a connection or a request begins,
/// so a change is in force from the next one on.</summary>
internal sealed class GatewayLimits(KestrelServerLimits kestrel)
{
    private readonly Lock _gate = new();
    private readonly List<KestrelServerLimits> _all = [kestrel];
    private GatewayLimitsSpec _spec = new();

    /// <summary>A pace is judged after this time; the first bytes of a slow start are forgiven.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private MinDataRate? _rate;
    private int _connections, _most;

    /// <summary>How long a client may be silent before a request.</summary>
    public TimeSpan KeepAlive => kestrel.KeepAliveTimeout;

    public void Use(GatewayLimitsSpec limits)
    {
        lock (_gate)
        {
            _spec = limits;
            foreach (var one in _all) Use(limits, one);
        }
        Volatile.Write(ref _rate, kestrel.MinRequestBodyDataRate);
        Volatile.Write(ref _most, OpenFiles.Quarter(limits.Connections));
    }

    /// <summary>They hold for another server too from now on.</summary>
    public void Lend(KestrelServerLimits other)
    {
        lock (_gate)
        {
            _all.Add(other);
            Use(_spec, other);
        }
    }

    public void TakeBack(KestrelServerLimits other)
    {
        lock (_gate) _all.Remove(other);
    }

    private static void Use(GatewayLimitsSpec limits, KestrelServerLimits kestrel)
    {
        kestrel.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        kestrel.Http2.MaxRequestHeaderFieldSize = limits.HeaderBytes;
        kestrel.MaxRequestHeaderCount = limits.Headers;
        kestrel.MaxRequestLineSize = limits.RequestLine;
        kestrel.RequestHeadersTimeout = limits.HeaderTime;
        kestrel.KeepAliveTimeout = limits.KeepAlive;
        kestrel.MaxRequestBodySize = limits.BodyBytes;
        kestrel.MinRequestBodyDataRate = limits.BodyRate == 0 ? null : new MinDataRate(limits.BodyRate, Grace);
        // A stream may rest; of HTTP/2 this could not be said of one request, see Excuse.
        kestrel.MinResponseDataRate = null;
    }

    /// <summary>False: there are too many. Else <see cref="Leave"/> must follow.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _connections) <= Volatile.Read(ref _most)) return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _connections);

    /// <summary>Only a body whose length is known must keep the pace: others are streams, which may rest. So may
    /// WebSockets.</summary>
    public void Excuse(HttpContext context)
    {
        if (Volatile.Read(ref _rate) is not { } rate) return;
        if (context.Request.ContentLength is null)
        {
            if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } body) body.MinDataRate = null;
            if (HttpView.IsUpgrade(context)) return;
        }
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } answer) answer.MinDataRate = rate;
    }
}
