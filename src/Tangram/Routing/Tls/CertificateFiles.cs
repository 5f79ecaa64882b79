using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>Where the files of one certificate lie: at the paths that are asked for, or among a revision's
/// secrets.</summary>
/// <param name="Asked">What people know them by.</param>
/// <param name="Copy">The folder with the secrets; null: paths alone are asked for.</param>
internal sealed record CertificateFiles(CertificateSpec Asked, string? Copy)
{
    public string Cert => PathOf(Asked.Cert);
    public string Key => PathOf(Asked.Key);

    /// <summary>How it is renewed, as a sentence.</summary>
    public string Renewal => RenewalOf(Asked);

    public static CertificateFiles Of(CertificateSpec asked, string? copy = null) =>
        new(asked, IsSecret(asked) ? copy : null);

    /// <summary>Authorities alone.</summary>
    public static CertificateFiles Of(string authorities, string? copy = null) =>
        Of(new CertificateSpec(authorities, authorities), copy);

    public static bool IsSecret(CertificateSpec asked) =>
        (SecretReference.NameIn(asked.Cert) ?? SecretReference.NameIn(asked.Key)) is not null;

    public static string RenewalOf(CertificateSpec asked) =>
        IsSecret(asked) ? "Deploy with a new one" : "Put a new one in its place; no restart is needed";

    private string PathOf(string asked) => SecretReference.NameIn(asked) is { } name
        ? Path.Combine(Copy ?? throw new InvalidOperationException($"{asked} has no folder"),
            GrantVariables.FolderOf(GrantKind.Secret), name)
        : asked;
}
