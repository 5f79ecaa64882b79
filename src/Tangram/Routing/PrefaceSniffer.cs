using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Tangram.Routing;

/// <summary>HTTP/1.1 and HTTP/2 with prior knowledge on one cleartext port. Kestrel itself picks the protocol by ALPN,
/// which only TLS has; this looks at the first bytes for HTTP/2's preface (RFC 9113, 3.4) and says so in ALPN's place.</summary>
internal static class PrefaceSniffer
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n"u8;

    public static async Task SniffAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(connection.ConnectionClosed).ConfigureAwait(false);
            var verdict = Compare(read.Buffer);
            // Nothing is consumed, and all is marked as seen only while more is needed.
            input.AdvanceTo(read.Buffer.Start, verdict is null && !read.IsCompleted ? read.Buffer.End : read.Buffer.Start);
            if (verdict is null && !read.IsCompleted) continue;
            if (verdict == true) connection.Features.Set<ITlsHandshakeFeature>(PriorKnowledge.Instance);
            if (verdict == true) connection.Features.Set<ITlsApplicationProtocolFeature>(PriorKnowledge.Instance);
            break;
        }
        await next(connection).ConfigureAwait(false);
    }

    /// <summary>Null while too little has come to tell.</summary>
    private static bool? Compare(System.Buffers.ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[Preface.Length];
        var length = (int)Math.Min(buffer.Length, start.Length);
        System.Buffers.BuffersExtensions.CopyTo(buffer.Slice(0, length), start);
        if (!start[..length].SequenceEqual(Preface[..length])) return false;
        return length == start.Length ? true : null;
    }

    private sealed class PriorKnowledge : ITlsHandshakeFeature, ITlsApplicationProtocolFeature
    {
        public static readonly PriorKnowledge Instance = new();

        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();

        // Kestrel refuses HTTP/2 over TLS below 1.2, and asks for nothing else of these.
        public SslProtocols Protocol => SslProtocols.Tls13;
        public System.Net.Security.TlsCipherSuite? NegotiatedCipherSuite => null;
        public string HostName => "";

#pragma warning disable SYSLIB0058 // The interface still has them.
        public CipherAlgorithmType CipherAlgorithm => CipherAlgorithmType.Null;
        public int CipherStrength => 0;
        public HashAlgorithmType HashAlgorithm => HashAlgorithmType.None;
        public int HashStrength => 0;
        public ExchangeAlgorithmType KeyExchangeAlgorithm => ExchangeAlgorithmType.None;
        public int KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058
    }
}
