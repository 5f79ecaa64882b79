namespace Tangram.Coordinating.Link;

/// <summary>The server that this process uses now. It is greeted again and again; when it is gone, or when it has lost
/// the store and another has not, the next one is used.</summary>
/// <param name="announce">What people may want to know: which server, and why it was left.</param>
internal sealed class ServerLink(LinkOptions options, TimeProvider time, Action<string> announce) : IAsyncDisposable
{
    /// <summary>One that is refused, because of its version or its cluster, will be for a while.</summary>
    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _opening = new(1);
    private readonly CancellationTokenSource _closing = new();
    private int _next = (int)((uint)StableHash(options.Self.Name.Value) % Math.Max(1, options.Servers.Count));
    private volatile LinkChannel? _current;
    private Task _guarding = Task.CompletedTask;
    private string _said = "";
    private long? _refusedAt;

    public string? Server => _current?.Address;

    /// <summary>The channel in use, or a new one; null when no server answers now. Tries each server once.</summary>
    public async Task<LinkChannel?> ReachAsync(CancellationToken cancellation)
    {
        if (_current is { } current) return current;
        await _opening.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_current is { } opened) return opened;
            if (_refusedAt is { } at && time.GetElapsedTime(at) < RefusedFor) return null;
            _refusedAt = null;
            LinkChannel? storeless = null;
            var refused = false;
            var failures = new List<string>();
            for (var i = 0; i < options.Servers.Count; i++)
            {
                var channel = new LinkChannel(options.Servers[_next], options);
                var (answers, store, why, refuses) = await GreetAsync(channel, cancellation).ConfigureAwait(false);
                refused |= refuses;
                if (answers && (store || storeless is null && i == options.Servers.Count - 1))
                    return Take(channel);
                if (!answers) failures.Add($"{channel.Address}: {why}");
                _next = (_next + 1) % options.Servers.Count;
                if (answers && storeless is null) storeless = channel;
                else channel.Dispose();
            }
            if (storeless is not null) return Take(storeless);
            if (refused) _refusedAt = time.GetTimestamp();
            Say($"{(refused ? "no server takes this one" : "no server answers")}: {string.Join("; ", failures)}");
            return null;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Everything in flight on it fails; the next call reaches another server.</summary>
    public void Leave(LinkChannel channel, string why)
    {
        if (Interlocked.CompareExchange(ref _current, null, channel) != channel) return;
        _next = (_next + 1) % options.Servers.Count;
        channel.Dispose();
        if (!_closing.IsCancellationRequested) Say($"left server {channel.Address}: {why}");
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        if (_current is { } current) Leave(current, "this process ends");
        await _guarding.ConfigureAwait(false);
    }

    private LinkChannel Take(LinkChannel channel)
    {
        _current = channel;
        Say($"uses server {channel.Address}");
        _guarding = GuardAsync(channel);
        return channel;
    }

    private async Task GuardAsync(LinkChannel channel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(channel.Lost, _closing.Token);
        var storeless = 0;
        try
        {
            while (true)
            {
                await Task.Delay(options.GreetEvery, time, ending.Token).ConfigureAwait(false);
                var (answers, store, why, _) = await GreetAsync(channel, ending.Token).ConfigureAwait(false);
                storeless = store ? 0 : storeless + 1;
                if (!answers) Leave(channel, why);
                // Long enough for an election of the store, so that its clients do not all move with each one.
                else if (storeless > 10) Leave(channel, "it has lost the store");
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task<(bool Answers, bool Store, string Why, bool Refused)> GreetAsync(LinkChannel channel,
        CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.ConnectPatience + options.GreetPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            var ask = new Wire.GreetAsk
            {
                Protocol = LinkOptions.Protocol, Cluster = options.Cluster, Version = Cli.CommandLine.Version,
                ClockMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            var said = await channel.Server.GreetAsync(ask, channel.Call(either.Token));
            return (said.Refusal == "", said.StoreAnswers, said.Refusal, said.Refusal != "");
        }
        catch (Exception e) when (LinkChannel.Expected(e))
        {
            cancellation.ThrowIfCancellationRequested();
            return (false, false, patience.IsCancellationRequested ? "it does not answer" : LinkChannel.Words(e),
                false);
        }
    }

    private void Say(string what)
    {
        if (what == _said) return;
        _said = what;
        announce(what);
    }

    private static int StableHash(string text)
    {
        var hash = 17;
        foreach (var c in text) hash = unchecked(hash * 31 + c);
        return hash;
    }
}
