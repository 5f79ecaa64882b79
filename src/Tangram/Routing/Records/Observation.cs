using System.Buffers.Binary;
using System.Security.Cryptography;
using Tangram.Model;

namespace Tangram.Routing.Records;

/// <summary>What one gateway notes of its requests, and how.</summary>
/// <param name="log">Null: it keeps none, whatever the file says.</param>
internal sealed class Observation(TraceSource traces, AccessLog? log = null)
{
    private int _start = (int)TraceStart.Sampled;

    public GatewayFigures Figures { get; } = log?.Figures ?? new GatewayFigures();
    public AccessLog? Log => log;

    public TraceStart Start => (TraceStart)Volatile.Read(ref _start);

    /// <summary>Of ids that nobody else has.</summary>
    public static Observation Here(AccessLog? log)
    {
        Span<byte> chance = stackalloc byte[16];
        RandomNumberGenerator.Fill(chance);
        return new Observation(new TraceSource(BinaryPrimitives.ReadUInt64LittleEndian(chance),
            BinaryPrimitives.ReadUInt64LittleEndian(chance[8..])), log);
    }

    /// <summary>Follows the file.</summary>
    public void Use(AccessLogSpec? spec, TraceStart start)
    {
        Volatile.Write(ref _start, (int)start);
        log?.Use(spec);
    }

    /// <summary>Puts the request in its trace. Returns its <c>traceparent</c>; null: it has none.</summary>
    public string? Trace(IHeaderDictionary headers)
    {
        if (headers.TraceParent is [{ } given] && TraceContext.IsParent(given))
        {
            if (headers.TraceState is { Count: > 0 } state && !state.All(line => TraceContext.IsState(line)))
                headers.Remove("tracestate");
            return given;
        }
        var start = Start;
        if (start == TraceStart.Pass) return null;
        var parent = traces.Begin(start == TraceStart.Sampled);
        headers.TraceParent = parent;
        headers.Remove("tracestate");
        return parent;
    }
}
