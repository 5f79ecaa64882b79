using Tangram.Model;

namespace Tangram.Coordinating.Link;

/// <summary>Carries an agent's heartbeats to every server and to the neighbours that watch it.</summary>
internal sealed class Heartbeats(LinkOptions options, TimeProvider time, Func<ClusterState> state) : IAsyncDisposable
{
    /// <summary>A neighbour that was not written to for so long is no neighbour any more.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, (HeartbeatLine Line, long Used)> _lines = [];

    /// <summary>Where each neighbour was last: one that has lost its lease must go on hearing us.</summary>
    private readonly Dictionary<NodeName, string> _addresses = [];
    private readonly List<Task> _leaving = [];

    /// <summary>Called on the agent's loop only.</summary>
    public void Send(Effect.Send send)
    {
        if (send.To is null)
        {
            foreach (var server in options.Servers) Send(server, PeerRole.Server, send.Message);
            Forget();
        }
        else
        {
            var node = send.To.Value;
            if (state().Nodes.GetValueOrDefault(node)?.Seen?.Value.Link is { } link) _addresses[node] = link;
            if (_addresses.TryGetValue(node, out var address)) Send(address, PeerRole.Agent, send.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (line, _) in _lines.Values) await line.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_leaving).ConfigureAwait(false);
    }

    private void Send(string address, PeerRole to, Message message)
    {
        var line =
            _lines.TryGetValue(address, out var known) ? known.Line : new HeartbeatLine(address, to, options, time);
        _lines[address] = (line, time.GetTimestamp());
        line.Send(message);
    }

    private void Forget()
    {
        foreach (var (address, line) in _lines.ToArray())
        {
            if (time.GetElapsedTime(line.Used) < Forgotten) continue;
            _lines.Remove(address);
            _leaving.RemoveAll(task => task.IsCompleted);
            _leaving.Add(line.Line.DisposeAsync().AsTask());
        }
    }
}
