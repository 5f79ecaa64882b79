using System.Net;

namespace Tangram.Routing.Rules;

/// <summary>A request as rules see it. Nothing is read before a rule asks for it.</summary>
public interface IRequestView
{
    string Method { get; }

    /// <summary>http or https, as the client began.</summary>
    string Scheme { get; }

    /// <summary>The Host header as it came.</summary>
    ReadOnlySpan<char> Host { get; }

    /// <summary>Decoded, with its dot segments removed.</summary>
    ReadOnlySpan<char> Path { get; }

    /// <summary>What follows the question mark, as it came.</summary>
    ReadOnlySpan<char> Query { get; }

    bool IsWebSocket { get; }

    /// <summary>Whose request it is: behind trusted proxies not whose connection. Null: not known.</summary>
    IPAddress? Client { get; }

    /// <summary>The header's value number <paramref name="index"/>, counted from 0; null when it has no more.</summary>
    string? Header(string name, int index);
}
