using System.Net;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

/// <summary>A request that is nothing but its values.</summary>
internal readonly struct PlainRequest(string host, string path) : IRequestView
{
    private readonly string _host = host;
    private readonly string _path = path;

    public string Method { get; init; } = "GET";
    public string Scheme { get; init; } = "http";
    public ReadOnlySpan<char> Host => _host;
    public ReadOnlySpan<char> Path => _path;
    public string QueryText { get; init; } = "";
    public ReadOnlySpan<char> Query => QueryText;
    public bool IsWebSocket { get; init; }
    public IPAddress? Client { get; init; }
    public (string Name, string Value)[] Headers { get; init; } = [];

    public string? Header(string name, int index)
    {
        foreach (var header in Headers)
            if (header.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && index-- == 0) return header.Value;
        return null;
    }
}
