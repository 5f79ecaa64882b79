using System.Text;
using Tangram.Model;

namespace Tangram.Tests.Routing.Fuzzing;

/// <summary>What the gateway reads of clients by itself, fed with what a seed makes, and held against dumb second
/// readers.</summary>
internal static class GatewayFuzzer
{
    private static readonly (string Name, Func<Rng, string?> Wrong)[] Kinds =
    [
        ("PROXY protocol", OpeningFuzz.Proxy), ("ClientHello", OpeningFuzz.Hello), ("cookies", TextFuzz.Cookies),
        ("query", TextFuzz.Query), ("sticky cookie", TextFuzz.Sticky), ("X-Forwarded-For", AddressFuzz.Forwarded),
        ("networks", AddressFuzz.Within), ("a rule's value", TextFuzz.Condition), ("a request's form", FormFuzz.Form),
    ];

    /// <summary>What is wrong with one of the readers; null when all holds.</summary>
    public static string? Wrong(ulong seed)
    {
        var (name, wrong) = Kinds[seed % (ulong)Kinds.Length];
        try
        {
            return wrong(new Rng(seed)) is { } what ? $"{name}: {what}" : null;
        }
        catch (Exception e)
        {
            return $"{name}: {e}";
        }
    }

    /// <summary>Some of these, one after the other.</summary>
    public static string Some(Rng rng, int most, params string[] pieces)
    {
        var text = new StringBuilder();
        for (var count = rng.Next(most + 1); count > 0; count--)
            text.Append(rng.Next(12) == 0 ? $"{(char)rng.Next(256)}" : pieces[rng.Next(pieces.Length)]);
        return text.ToString();
    }

    /// <summary>With some bytes changed, dropped, doubled or cut off.</summary>
    public static byte[] Mutated(Rng rng, ReadOnlySpan<byte> good)
    {
        var bytes = good.ToArray().ToList();
        for (var changes = rng.Next(5); changes > 0 && bytes.Count > 0; changes--)
        {
            // Most of what is read stands at the beginning.
            var at = rng.Next(rng.Next(2) == 0 ? bytes.Count : Math.Min(bytes.Count, 64));
            switch (rng.Next(5))
            {
                case 0: bytes[at] = (byte)rng.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << rng.Next(8)); break;
                case 2: bytes.RemoveAt(at); break;
                case 3: bytes.Insert(at, bytes[at]); break;
                default: bytes.RemoveRange(at, rng.Next(bytes.Count - at)); break;
            }
        }
        return [.. bytes];
    }

    public static string Shown(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);
}
