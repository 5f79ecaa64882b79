using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Tangram.Routing;

/// <summary>The cookies by which clients stay with a replica: its name with a signature, so that nobody chooses a
/// replica by making one up. All of them are known beforehand, so a request's is looked up and not verified. Immutable;
/// made when routes are published.</summary>
public sealed class StickyCookies
{
    /// <summary>128 bits: not to be guessed.</summary>
    private const int SignatureBytes = 16;

    private readonly string _key;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Backend> _backends = new(StringComparer.Ordinal);

    private StickyCookies(string name, string key) => (Name, _key) = (name, key);

    /// <summary>Of the cookie.</summary>
    public string Name { get; }

    /// <summary>Null when the replica is none of the backends.</summary>
    public string? ValueOf(Backend backend) => _values.GetValueOrDefault(backend.Replica.Value);

    /// <summary>The backend that a cookie names; null when it is gone, or the cookie is not ours.</summary>
    internal Backend? Find(ReadOnlySpan<char> value) =>
        !value.IsEmpty && _backends.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(value, out var backend)
            ? backend
            : null;

    internal static StickyCookies Of(
        string name, string key, ImmutableArray<Backend> backends, StickyCookies? before)
    {
        var cookies = new StickyCookies(name, key);
        for (var i = 0; i < backends.Length; i++)
        {
            var replica = backends[i].Replica.Value;
            var value = before?._key == key ? before.ValueOf(backends[i]) : null;
            value ??= $"{replica}.{Signature(key, replica)}";
            cookies._values.Add(replica, value);
            cookies._backends.Add(value, backends[i]);
        }
        return cookies;
    }

    private static string Signature(string key, string replica)
    {
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(replica));
        return Base64Url.EncodeToString(mac.AsSpan(0, SignatureBytes));
    }
}
