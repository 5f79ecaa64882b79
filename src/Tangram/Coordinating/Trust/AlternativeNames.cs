using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tangram.Coordinating.Trust;

/// <summary>The alternative names of a certificate (RFC 5280, 4.2.1.6), as far as Tangram uses them. Written here
/// because the platform's reader does not know URIs, and its builder passes them through <see cref="Uri"/>, which takes
/// a cluster named 123 for an IPv4 address.</summary>
internal sealed record AlternativeNames(
    IReadOnlyList<string> Uris, IReadOnlyList<string> HostNames, IReadOnlyList<IPAddress> Addresses)
{
    private const string Id = "2.5.29.17";
    private static readonly Asn1Tag HostName = Tag(2), Uri = Tag(6), Address = Tag(7);

    /// <summary>Empty when there are none, or when they are not well formed.</summary>
    public static AlternativeNames Of(X509Certificate2 certificate)
    {
        var (uris, hosts, addresses) = (new List<string>(), new List<string>(), new List<IPAddress>());
        const UniversalTagNumber Text = UniversalTagNumber.IA5String;
        try
        {
            if (certificate.Extensions[Id] is { } extension)
            {
                var whole = new AsnReader(extension.RawData, AsnEncodingRules.DER);
                var names = whole.ReadSequence();
                whole.ThrowIfNotEmpty();
                while (names.HasData)
                {
                    var tag = names.PeekTag();
                    if (tag == Uri) uris.Add(names.ReadCharacterString(Text, Uri));
                    else if (tag == HostName) hosts.Add(names.ReadCharacterString(Text, HostName));
                    else if (tag == Address) addresses.Add(new IPAddress(names.ReadOctetString(Address)));
                    else names.ReadEncodedValue();
                }
            }
            return new AlternativeNames(uris, hosts, addresses);
        }
        catch (Exception e) when (e is AsnContentException or ArgumentException or CryptographicException)
        {
            return new AlternativeNames([], [], []);
        }
    }

    public X509Extension Extension()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var uri in Uris) writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, Uri);
            foreach (var host in HostNames) writer.WriteCharacterString(UniversalTagNumber.IA5String, host, HostName);
            foreach (var address in Addresses) writer.WriteOctetString(address.GetAddressBytes(), Address);
        }
        return new X509Extension(Id, writer.Encode(), critical: false);
    }

    private static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number);
}
