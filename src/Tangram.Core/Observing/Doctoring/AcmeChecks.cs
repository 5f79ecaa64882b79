using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing.Doctoring;

/// <summary>Certificates by ACME, as the cluster itself knows them: nobody is asked over the network.</summary>
internal static class AcmeChecks
{
    private const string Check = "acme";

    public static IEnumerable<Finding> Of(AcmeFacts facts)
    {
        if (facts.Told is not { } told)
        {
            yield return new Finding(Check, Gravity.Note,
                $"no server of {facts.Cluster} answers here, so nothing is known of its certificates",
                "they are in its store", new Remedy("tangram doctor -f FILE   # on a server's machine", false));
            yield break;
        }
        var good = new List<AcmeView>();
        foreach (var domain in facts.Asked.Concat(told.Select(one => one.Domain)).Distinct())
        {
            var one = told.FirstOrDefault(view => view.Domain == domain);
            if (one is null)
                yield return new Finding(Check, Gravity.Note, $"{domain} is not asked for yet",
                    "it is ordered after the deploy that names it", new Remedy("tangram deploy -f FILE", false));
            else if (Trouble(one, facts.Now) is { } trouble) yield return trouble;
            else good.Add(one);
        }
        if (good.MinBy(one => one.Until) is { Until: { } until } first)
            yield return Finding.Good(Check, Doctor.Text(
                $"{good.Count} certificate{(good.Count == 1 ? "" : "s")} in order; the first to end is ") +
                $"{first.Domain}'s, on {CertificateLife.Shown(until)}");
    }

    private static Finding? Trouble(AcmeView one, DateTimeOffset now)
    {
        var (life, failed) = (one is { From: { } from, Until: { } until } ? new CertificateLife(from, until)
            : (CertificateLife?)null, AcmeWords.Failed(one.Failures, one.Because));
        var why = (life is { } valid && valid.Refusal(now) is null ? "from its end on, " : "") +
            "handshakes of clients that come by https fail";
        var look = new Remedy($"tangram why {one.Domain}", false);
        if (life is null)
            return one.Failures == 0
                ? new Finding(Check, Gravity.Note, $"{one.Domain} has no certificate yet", why, look)
                : new Finding(Check, Gravity.Warn, $"{one.Domain} has no certificate: {failed}", why, look);
        var warning = life.Value.Warning(now);
        if (warning is null && one.Failures == 0) return null;
        return new Finding(Check, Gravity.Warn, $"the certificate for {one.Domain}: " +
            (warning ?? $"it ends on {CertificateLife.Shown(life.Value.Until)}") +
            (one.Failures > 0 ? $"; {failed}" : ""), why, look);
    }
}
