using Microsoft.AspNetCore.Http.Features;

namespace Tangram.Routing.Records;

/// <summary>A request with what is noted of it; Kestrel keeps one for each connection or stream and uses it
/// again.</summary>
internal sealed class ObservedContext
{
    private readonly CountedAnswer _answer = new();

    public DefaultHttpContext Http { get; } = new();
    public RequestNote Note { get; set; } = new();

    /// <summary>The bytes of its answer are counted.</summary>
    public bool Counts { get; private set; }
    public long Bytes => _answer.Bytes;

    /// <summary>It is not one of the gateway's requests, and counts nowhere.</summary>
    public bool Aside { get; set; }

    public void Begin(IFeatureCollection features, bool counts)
    {
        features.Set(Note);
        (Counts, Aside) = (counts, false);
        if (counts && features.Get<IHttpResponseBodyFeature>() is { } body) features.Set(_answer.Around(body));
        Http.Initialize(features);
    }

    public void End()
    {
        Http.Uninitialize();
        _answer.Release();
        Note.Clear();
    }
}
