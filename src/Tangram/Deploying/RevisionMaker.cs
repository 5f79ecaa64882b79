using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Makes of what a file asks for what a revision stores: whatever it is made of is kept on the disk, and the
/// spec names it by hashes.</summary>
/// <param name="store">Which revisions there are, so that what has not changed keeps its hash.</param>
/// <param name="state">The same as it was seen last, which for a look is new enough.</param>
internal sealed class RevisionMaker(RevisionFiles files, IStore store, Func<ClusterState> state)
{
    private readonly GrantFiles _grants = new(files);

    /// <summary>Nothing need be asked for before this is done: all is there, or a sentence says what is not.</summary>
    public async Task<(ClusterSpec? Spec, string? Error)> KeepAsync(ClusterSpec spec, CancellationToken cancellation)
    {
        var known = await KnownAsync(cancellation).ConfigureAwait(false);
        return Made(spec, known, files.Add, keep: true);
    }

    /// <summary>Of what gateways show, for one that opens its addresses before anything is asked for. Throws
    /// <see cref="IOException"/>.</summary>
    public async Task<TlsSpec?> KeepTlsAsync(ClusterSpec spec, CancellationToken cancellation) => spec.Tls is { } tls
        ? _grants.Given(tls, spec.Contents ?? [], await KnownAsync(cancellation).ConfigureAwait(false), keep: true)
        : null;

    private async Task<ClusterState> KnownAsync(CancellationToken cancellation)
    {
        var range = await store.RangeAsync("", cancellation).ConfigureAwait(false);
        return range.Status == StoreStatus.Ok ? ClusterState.From(range) : state();
    }

    /// <summary>The same without keeping anything, for `plan`: what is new has no hash yet.</summary>
    public (ClusterSpec? Spec, string? Error) Look(ClusterSpec spec) =>
        Made(spec, state(), folder => RevisionFiles.HashOf(folder), keep: false);

    private (ClusterSpec? Spec, string? Error) Made(
        ClusterSpec spec, ClusterState known, Func<string, string> hash, bool keep)
    {
        var services = new List<ServiceSpec>();
        var contents = spec.Contents ?? [];
        foreach (var service in spec.Services)
        {
            try
            {
                var made = service.Files is { } folder ? service with { FilesHash = hash(folder) } : service;
                services.Add(_grants.Given(made, contents, known, keep));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FilesRefusedException)
            {
                return (null, $"the files of {service.Name} cannot be copied: {e.Message}");
            }
        }
        try
        {
            var tls = spec.Tls is { } asked ? _grants.Given(asked, contents, known, keep) : null;
            return (spec with { Services = services.ToEquatableArray(), Tls = tls, Contents = null }, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"the secrets that gateways show cannot be copied: {e.Message}");
        }
    }
}
