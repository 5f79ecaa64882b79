using Tangram.Deploying;

namespace Tangram.Routing.Tls;

/// <summary>Where a revision's secrets for TLS lie on this machine; a gateway of several machines has a server send
/// them.</summary>
internal sealed class TlsSecrets(RevisionFiles files, TimeProvider time)
{
    /// <summary>A few kilobytes from one of some servers. Meanwhile what is in force is shown, and nothing that is
    /// published later is acknowledged.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Null: whatever is not here is nowhere.</summary>
    public Func<string, CancellationToken, Task<bool>>? Fetch { get; init; }

    /// <summary>The folder of the copy, or as a sentence why there is none.</summary>
    /// <param name="hash">Null: the revision was made by a Tangram that knew nothing of them.</param>
    public async Task<(string? Folder, string? Lacks)> OpenAsync(string? hash)
    {
        if (hash is null) return (null, "the revision has no secrets for https: deploy again");
        try
        {
            if (!files.Has(hash) && Fetch is { } fetch)
            {
                using var end = new CancellationTokenSource(Patience, time);
                if (!await fetch(hash, end.Token).ConfigureAwait(false))
                    return (null, "no server could send the secrets that https needs. It is asked again");
            }
            return (files.Open(hash), null);
        }
        catch (OperationCanceledException)
        {
            return (null, "no server has sent the secrets that https needs in time. It is asked again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"the secrets that https needs cannot be read: {e.Message}");
        }
    }
}
