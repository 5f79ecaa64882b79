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

    /// <summary>In the order of the file.</summary>
    public static IEnumerable<AcmeView> Views(ClusterState state) =>
        from domain in state.EffectiveSpec?.Tls?.Acme?.Domains ?? []
        let held = state.Acme.Certificates.GetValueOrDefault(domain)?.Value
        let trouble = All(state).FirstOrDefault(one => one.Domain == domain)
        select new AcmeView(domain, held?.From, held?.Until, trouble?.Failures ?? 0, trouble?.Because ?? "");

    public static IEnumerable<string> Troubles(ClusterState state) => All(state).Select(trouble =>
        $"{trouble.Domain}: {Sentence(trouble)}");

    private static EquatableArray<AcmeTrouble> All(ClusterState state) => state.Acme.Troubles?.Value.Domains ?? [];

    private static string Sentence(AcmeTrouble trouble) => Failed(trouble.Failures, trouble.Because) + ".";

    /// <summary>As the end of a sentence.</summary>
    public static string Failed(int failures, string because) => string.Create(CultureInfo.InvariantCulture,
        $"the last {(failures == 1 ? "order" : $"{failures} orders")} failed: {because}");
}
