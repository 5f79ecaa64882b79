namespace Tangram.Routing.Acme;

/// <summary>An authority did not do as it was asked; the message is the end of a sentence about it.</summary>
internal sealed class AcmeException(string because, string type = "", TimeSpan notBefore = default)
    : Exception(because)
{
    /// <summary>The last word of the problem's type (RFC 8555, 6.7), such as <c>badNonce</c>; "" of none.</summary>
    public string Type => type;

    public TimeSpan NotBefore => notBefore;
}
