using Tangram.Model;

namespace Tangram.Observing;

/// <param name="Identity">As in the alternative names: <c>tangram://CLUSTER/ROLE/NAME</c>, an authority's
/// <c>tangram://CLUSTER</c>; null when it is neither.</param>
/// <param name="Addresses">Host names and IP addresses at which it may be met.</param>
/// <param name="Fingerprint">SHA-256 of the whole certificate, in hexadecimal.</param>
/// <param name="Warning">That it has ended, or will soon; null while all is well.</param>
public sealed record CertificateView(
    string File, string Subject, string? Identity, EquatableArray<string> Addresses, DateTimeOffset From,
    DateTimeOffset Until, string Fingerprint, string? Warning);
