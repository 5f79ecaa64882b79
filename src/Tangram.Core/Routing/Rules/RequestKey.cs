using System.Net;
using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>What tells one user from another, as a number: the same on every gateway, for the same seed.</summary>
public static class RequestKey
{
    /// <summary>A request without the header or cookie goes by its client's address.</summary>
    public static ulong Of<TRequest>(KeySpec by, TRequest request, ulong seed) where TRequest : struct, IRequestView
    {
        if (by.Source == KeySource.Header && request.Header(by.Name!, 0) is { Length: > 0 } header)
            return Of(header, seed);
        if (by.Source == KeySource.Cookie)
            for (var i = 0; request.Header("Cookie", i) is { } line; i++)
                for (var pairs = Pairs.OfCookies(line); pairs.Next();)
                    if (pairs.Name.SequenceEqual(by.Name) && !pairs.Value.IsEmpty) return Of(pairs.Value, seed);
        if (by.Source == KeySource.None) return KeyHash.Mix(seed);
        return request.Client is { } client ? Of(client, seed) : KeyHash.Mix(seed);
    }

    /// <summary>FNV-1a over the characters (Fowler, Noll and Vo, 1991), mixed.</summary>
    public static ulong Of(ReadOnlySpan<char> text, ulong seed)
    {
        var hash = 0xCBF29CE484222325UL ^ KeyHash.Mix(seed);
        foreach (var c in text) hash = (hash ^ c) * 0x100000001B3UL;
        return KeyHash.Mix(hash);
    }

    /// <summary>Of IPv6 the first 64 bits, since whoever has one address there has all of them.</summary>
    public static ulong Of(IPAddress client, ulong seed)
    {
        var (bits, width) = Networks.Bits(client);
        return KeyHash.Mix(KeyHash.Mix((ulong)(width == 128 ? bits >> 64 : bits) ^ KeyHash.Mix(seed)) + (ulong)width);
    }

    /// <summary>From 0 to 1, without 1.</summary>
    public static double Fraction(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));
}
