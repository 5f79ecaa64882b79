using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What there is to say of certificates that the cluster orders, in sentences.</summary>
internal static class AcmeWords
{
    public static IEnumerable<string> Of(ClusterState state, string domain)
    {
        var acme = state.Acme;
        yield return acme.Certificates.GetValueOrDefault(domain)?.Value is { } held
            ? $"{domain} has a certificate from {held.Directory}, until {CertificateLife.Shown(held.Until)}."
            : $"{domain} has no certificate yet from {state.EffectiveSpec?.Tls?.Acme?.Directory}.";
        if (acme.Challenge?.Value.Domain == domain)
            yield return "It is being ordered: the authority asks the gateways.";
        foreach (var trouble in All(state).Where(trouble => trouble.Domain == domain)) yield return Sentence(trouble);
    }

    public static IEnumerable<string> Troubles(ClusterState state) => All(state).Select(trouble =>
        $"{trouble.Domain}: {Sentence(trouble)}");

    private static EquatableArray<AcmeTrouble> All(ClusterState state) => state.Acme.Troubles?.Value.Domains ?? [];

    private static string Sentence(AcmeTrouble trouble) => string.Create(CultureInfo.InvariantCulture,
        $"the last {(trouble.Failures == 1 ? "order" : $"{trouble.Failures} orders")} failed: {trouble.Because}.");
}
