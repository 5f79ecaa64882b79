using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Which configs and secrets differ between two revisions of a service, or of gateways, in words that say
/// nothing of what they hold.</summary>
public static class GrantChanges
{
    public static IEnumerable<string> Of(ServiceSpec? before, ServiceSpec after)
    {
        if (before is null) yield break;
        foreach (var (kind, word) in new[] { (GrantKind.Config, "config"), (GrantKind.Secret, "secret") })
            foreach (var grant in after.Grants(kind))
                if (before.Grants(kind).FirstOrDefault(g => g.Name == grant.Name && g.Target == grant.Target) is not
                    { } known)
                    yield return $"the {word} '{grant.Name}' is new at {grant.Target}";
                else if (known.Print != grant.Print)
                    yield return $"the {word} '{grant.Name}' has changed";
    }

    /// <summary>Of what gateways show.</summary>
    public static IEnumerable<string> Of(TlsSpec? before, TlsSpec? after) =>
        from secret in after?.Secrets ?? []
        let known = before?.Secrets.FirstOrDefault(one => one.Name == secret.Name)
        where known is null ? before is not null : known.Print != secret.Print
        select $"the secret '{secret.Name}' {(known is null ? "is new" : "has changed")}";
}
