using System.Text.Json.Serialization;

namespace Tangram.Model;

/// <summary>What the gateways show on <c>https://</c> addresses, and whom they admit there. Paths are on each gateway's
/// machine: such a key is never part of a revision, nor in the store. What is named by a <see cref="SecretReference"/>
/// is part of the revision, and not in the store either.</summary>
public sealed record TlsSpec
{
    /// <summary>The first is shown to who names no host, or one that none is for.</summary>
    public EquatableArray<CertificateSpec> Certificates { get; init; }

    /// <summary>Certificates that the cluster orders; null: none.</summary>
    public AcmeSpec? Acme { get; init; }

    /// <summary>A gateway makes an authority and a certificate of its own, besides what
    /// <see cref="Certificates"/> has.</summary>
    public bool SelfSigned { get; init; }

    /// <summary>For its own certificate: beyond localhost, the names and addresses that clients may use.</summary>
    public EquatableArray<string> OwnNames { get; init; }

    /// <summary>Certificates of the authorities whose clients are admitted; null: nobody is asked.</summary>
    public string? ClientCa { get; init; }

    /// <summary>Who shows no certificate is admitted too.</summary>
    public bool ClientsMayBeUnknown { get; init; }

    /// <summary>How long browsers shall come by https alone; null: not said.</summary>
    public TimeSpan? Hsts { get; init; }

    /// <summary>HTTP/3 is offered on the ports of https, where the machine has what it needs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Http3 { get; init; }

    /// <summary>Requests that come by http are sent to this port; null: they are answered.</summary>
    public int? RedirectPort { get; init; }

    /// <summary>Those that are named above, each once.</summary>
    public EquatableArray<GrantSpec> Secrets { get; init; }

    /// <summary>As <see cref="ServiceSpec.GrantsHash"/>, of <see cref="Secrets"/>.</summary>
    public string? GrantsHash { get; init; }
}

/// <summary>PEM files, or, for gateways, secrets (<see cref="SecretReference"/>): a certificate with those that vouch
/// for it, and its key.</summary>
public sealed record CertificateSpec(string Cert, string Key);
