using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>What the gateway shows on its https addresses and whom it admits there. Handshakes read one snapshot; files
/// are looked at beside them, and a change that cannot be used leaves the old in force.</summary>
/// <param name="folder">For what the gateway makes itself.</param>
/// <param name="say">Takes whole sentences for the events.</param>
/// <param name="secrets">Null: it has none.</param>
internal sealed class TlsFront(
    string folder, string cluster, TimeProvider time, Action<string> say, TlsSecrets? secrets = null)
{
    /// <summary>A look is one question to the file system for each file.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Told to the cluster; more of them say nothing more.</summary>
    private const int MostTroubles = 10;

    private static readonly List<SslApplicationProtocol> ByTcp =
        [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
    private static readonly List<SslApplicationProtocol> ByUdp = [SslApplicationProtocol.Http3];

    /// <summary>For secrets that no server could send.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);

    /// <param name="Http3">As <paramref name="All"/>, for HTTP/3.</param>
    private sealed record Snapshot(TlsSpec Spec, ServerNameIndex Index, SslServerAuthenticationOptions[] All,
        SslServerAuthenticationOptions[] Http3, EquatableArray<string> Troubles);

    private readonly Lock _gate = new();
    private List<TlsSource<ServedCertificate>> _certificates = [];
    private TlsSource<X509Certificate2Collection>? _clients;
    private Snapshot? _now;
    private TlsSpec? _asked;
    private string? _copy, _lacks;
    private long _askedAt;
    private AcmeShown _acme = new([], null);
    private EndedCertificate? _ended;

    /// <summary>Null: no TLS.</summary>
    public TlsSpec? Spec => Volatile.Read(ref _now)?.Spec;

    /// <summary>What of it cannot be used now, as sentences.</summary>
    public EquatableArray<string> Troubles => Volatile.Read(ref _lacks) is { } lacks
        ? [lacks, .. Volatile.Read(ref _now)?.Troubles ?? []] : Volatile.Read(ref _now)?.Troubles ?? [];

    /// <summary>For a client that asks for this name; null while there is nothing to show.</summary>
    public SslServerAuthenticationOptions? OptionsFor(string? serverName, bool http3 = false)
    {
        if (Volatile.Read(ref _now) is not { All.Length: > 0 } now) return null;
        if (Volatile.Read(ref _ended) is { } ended && ended.Until > Now) return http3 ? ended.Http3 : ended.Options;
        return (http3 ? now.Http3 : now.All)[now.Index.Choose(serverName)];
    }

    /// <summary>For practice: new handshakes are shown a certificate that has ended, for so long; zero ends it. Null:
    /// done; else why not.</summary>
    public string? Expire(TimeSpan lasts)
    {
        lock (_gate)
        {
            if (lasts == TimeSpan.Zero)
            {
                if (_ended is not null) say(Again);
                Volatile.Write(ref _ended, null);
                return null;
            }
            if (_now is not { Spec: var spec, All.Length: > 0 }) return "it shows no certificate now";
            if (_ended is { } before)
            {
                Volatile.Write(ref _ended, before with { Until = Now + lasts });
                return null;
            }
            try
            {
                var shown = EndedCertificate.Make(folder, cluster, spec.SelfSigned,
                    Usable(spec).SelectMany(certificate => certificate.Names).Distinct(), time.GetUtcNow());
                Volatile.Write(ref _ended, new EndedCertificate(
                    Now + lasts, Options(shown, spec, ByTcp), Options(shown, spec, ByUdp)));
            }
            catch (Exception e) when (e is TrustException or IOException or UnauthorizedAccessException)
            {
                return $"no certificate that has ended could be made: {e.Message.TrimEnd('.')}";
            }
            say("for practice new connections are shown a certificate that has ended");
            return null;
        }
    }

    private const string Again = "new connections are shown its certificates again";

    private Instant Now => new(time.GetElapsedTime(0).Ticks);

    /// <summary>What an authority may ask this gateway for now; null: nothing.</summary>
    public ShownChallenge? Challenge => Volatile.Read(ref _acme).Challenge;

    /// <summary>What the cluster has ordered, and an order that is under way. In force when it returns.</summary>
    public void Follow(AcmeState acme)
    {
        lock (_gate)
        {
            var before = _acme;
            Volatile.Write(ref _acme, before.Next(acme, say));
            if (Spec is { Acme: not null } spec && !ReferenceEquals(before.All, _acme.All)) Publish(spec);
        }
    }

    /// <summary>From now on this is shown, or, while its secrets are not here, what was shown before. What was read
    /// before and is still asked for stays in force. Returns what cannot be used, as sentences.</summary>
    public async Task<IReadOnlyList<string>> UseAsync(TlsSpec? spec)
    {
        lock (_gate) _asked = spec;
        return await TryAsync(spec).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<string>> TryAsync(TlsSpec? spec)
    {
        var (copy, lacks) = spec is { Secrets.Count: > 0 } && secrets is not null
            ? await secrets.OpenAsync(spec.GrantsHash).ConfigureAwait(false) : (null, null);
        lock (_gate)
        {
            // Something else was asked for meanwhile.
            if (!ReferenceEquals(spec, _asked)) return [];
            _askedAt = time.GetTimestamp();
            Volatile.Write(ref _lacks, lacks);
            if (lacks is null) return Use(spec, copy);
            return Spec is null ? [lacks, .. Use(spec, copy)] : [lacks];
        }
    }

    /// <param name="copy">The folder with its secrets; null: none are here, and what they are for is left out.</param>
    private List<string> Use(TlsSpec? spec, string? copy)
    {
        if (spec is null)
        {
            (_certificates, _clients) = ([], null);
            Volatile.Write(ref _now, null);
            return [];
        }
        if (Spec == spec && _copy == copy) return [];
        _copy = copy;
        var troubles = new List<string>();
        var wanted = spec.Certificates.Where(asked => copy is not null || !CertificateFiles.IsSecret(asked))
            .Select(asked => CertificateFiles.Of(asked, copy)).ToList();
        if (spec.SelfSigned)
        {
            wanted.Add(Own);
            if (MakeOwn(spec) is { } trouble) troubles.Add(trouble);
        }
        _certificates = [.. wanted.Select(files => _certificates.Find(known => known.Files == files)
            ?? new TlsSource<ServedCertificate>(files, ServedCertificate.Read, Told, time, say))];
        var clients = spec.ClientCa is null ? null : CertificateFiles.Of(spec.ClientCa, copy);
        if (clients is not null && copy is null && CertificateFiles.IsSecret(clients.Asked)) clients = null;
        if (_clients?.Files != clients)
            _clients = clients is null ? null : new TlsSource<X509Certificate2Collection>(clients,
                ClientAuthorities.Read, all => new Told([], ClientAuthorities.FirstToEnd(all)), time, say);
        troubles.AddRange(_certificates.Select(source => source.ReadFirst()).OfType<string>());
        if (_clients?.ReadFirst() is { } unknown) troubles.Add(unknown);
        Publish(spec);
        return troubles;
    }

    /// <summary>Looks at the files until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                Look();
                await AskAgainAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to.
        }
    }

    private async Task AskAgainAsync()
    {
        TlsSpec? asked;
        lock (_gate)
        {
            if (_lacks is null || time.GetElapsedTime(_askedAt) < AskEvery) return;
            asked = _asked;
        }
        foreach (var trouble in await TryAsync(asked).ConfigureAwait(false))
            if (trouble != Volatile.Read(ref _lacks)) say(trouble);
        if (Volatile.Read(ref _lacks) is null) say("the secrets that https needs have come and are in force");
    }

    public void Look()
    {
        lock (_gate)
        {
            if (_ended is { } ended && ended.Until <= Now)
            {
                Volatile.Write(ref _ended, null);
                say(Again + ": whoever wanted it otherwise is gone");
            }
            if (Spec is not { } spec) return;
            var changed = false;
            foreach (var source in _certificates) changed |= source.Look();
            if (_clients is not null) changed |= _clients.Look();
            var own = _certificates.Find(source => source.Files == Own);
            if (spec.SelfSigned && own?.Content?.Life.Warning(time.GetUtcNow()) is not null
                && MakeOwn(spec) is { } trouble) own.Say(trouble);
            if (changed) Publish(spec);
        }
    }

    private CertificateFiles Own => CertificateFiles.Of(OwnCertificate.Files(folder));

    private string? MakeOwn(TlsSpec spec)
    {
        try
        {
            if (OwnCertificate.Ensure(folder, cluster, spec.OwnNames, time.GetUtcNow()))
                say("made a certificate of its own for https; clients trust it who are given " +
                    $"{OwnCertificate.AuthorityFile(folder)}, as in curl --cacert");
            return null;
        }
        catch (TrustException e)
        {
            return e.Message;
        }
    }

    private static Told Told(ServedCertificate certificate) => new(certificate.Names, certificate.Life);

    /// <summary>Where clients must be known and nobody says whom to trust, nobody comes in.</summary>
    private ServedCertificate[] Usable(TlsSpec spec) => spec.ClientCa is not null && _clients?.Content is null
        ? [] : [.. _certificates.Select(source => source.Content).OfType<ServedCertificate>(),
            .. _acme.For(spec.Acme)];

    private void Publish(TlsSpec spec)
    {
        // Made of what was asked for until now; who asks again gets another.
        Volatile.Write(ref _ended, null);
        var usable = Usable(spec);
        var names = new ServerNameIndex(usable.Select(certificate => (IEnumerable<string>)certificate.Names));
        Volatile.Write(ref _now, new Snapshot(spec, names,
            [.. usable.Select(certificate => Options(certificate, spec, ByTcp))],
            [.. usable.Select(certificate => Options(certificate, spec, ByUdp))],
            _certificates.Select(source => source.Trouble).Append(_clients?.Trouble).OfType<string>()
                .Take(MostTroubles).ToEquatableArray()));
    }

    private SslServerAuthenticationOptions Options(
        ServedCertificate certificate, TlsSpec spec, List<SslApplicationProtocol> protocols)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Shown,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = protocols,
            AllowRenegotiation = false,
        };
        if (_clients?.Content is not { } authorities) return options;
        options.ClientCertificateRequired = true;
        // A resumed session would pass by the check.
        options.AllowTlsResume = false;
        options.CertificateChainPolicy = ClientAuthorities.Policy(authorities);
        options.RemoteCertificateValidationCallback = (_, shown, _, errors) =>
            shown is null ? spec.ClientsMayBeUnknown : errors == SslPolicyErrors.None;
        return options;
    }
}
