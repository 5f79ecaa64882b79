using Grpc.Core;
using Tangram.Deploying;

namespace Tangram.Coordinating.Link;

/// <summary>Brings the files of revisions to where they run: agents fetch them from a server, and servers from each
/// other. What arrives is checked against its hash.</summary>
internal sealed class FilesCourier(RevisionFiles files, LinkOptions options, TimeProvider time)
{
    /// <summary>For one copy of the largest size over a slow line.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _oneAtATime = new(1);

    public bool Has(string hash) => files.Has(hash);

    /// <summary>See <see cref="RevisionFiles.Open"/>.</summary>
    public string Open(string hash) => files.Open(hash);

    /// <summary>False when no server has them now. Tries each server once.</summary>
    public async Task<bool> TryFetchAsync(string hash, CancellationToken cancellation)
    {
        if (files.Has(hash)) return true;
        await _oneAtATime.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            foreach (var server in options.Servers)
            {
                if (files.Has(hash)) return true;
                if (await FromAsync(server, hash, cancellation).ConfigureAwait(false)) return true;
            }
            return false;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Has most servers keep a copy, this one included, so that the loss of one loses no revision. Null: done;
    /// else why not.</summary>
    public async Task<string?> SpreadAsync(IReadOnlyCollection<string> hashes, CancellationToken cancellation)
    {
        var others = options.Servers.Count - 1;
        if (others < 1 || hashes.Count == 0) return null;
        var kept = await Task.WhenAll(options.Servers.Select(s => KeptAsync(s, hashes, cancellation)))
            .ConfigureAwait(false);
        var count = kept.Count(k => k);
        return count * 2 > options.Servers.Count ? null
            : $"only {count} of {options.Servers.Count} servers could keep a copy of the files, and most must: " +
              "see that the servers reach each other, and deploy again";
    }

    private async Task<bool> KeptAsync(string server, IReadOnlyCollection<string> hashes,
        CancellationToken cancellation)
    {
        using var channel = new LinkChannel(server, options);
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            foreach (var hash in hashes)
                await channel.Server.KeepAsync(new Wire.FilesAsk { Hash = hash }, channel.Call(either.Token));
            return true;
        }
        catch (Exception e) when (LinkChannel.Expected(e))
        {
            cancellation.ThrowIfCancellationRequested();
            return false;
        }
    }

    private async Task<bool> FromAsync(string server, string hash, CancellationToken cancellation)
    {
        using var channel = new LinkChannel(server, options);
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            using var call = channel.Server.Files(new Wire.FilesAsk { Hash = hash }, channel.Call(either.Token));
            await files.ReceiveAsync(hash,
                folder => FolderParts.ReceiveAsync(folder, call.ResponseStream.ReadAllAsync(either.Token)))
                .ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (LinkChannel.Expected(e))
        {
            cancellation.ThrowIfCancellationRequested();
            return false;
        }
    }
}
