using System.Globalization;

namespace Tangram.Proving.Faults.Streams;

/// <summary>Connections to a port that do not come about: nobody accepts them, so only the kernel knows of them
/// (proc_pid_net(5)). It is looked at several times in the time for which somebody tries.</summary>
internal sealed class HungConnections(int port, TimeProvider time) : IAsyncDisposable
{
    private const string SynSent = "02";
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly HashSet<string> _seen = [], _own = [];
    private readonly CancellationTokenSource _over = new();
    private Task _looking = Task.CompletedTask;

    /// <summary>Those that hang already are our own, and are not counted.</summary>
    public void Begin()
    {
        _own.UnionWith(Now());
        _looking = Task.Run(LookAsync);
    }

    /// <summary>How many were seen since <see cref="Begin"/>.</summary>
    public async Task<int> EndAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _looking.ConfigureAwait(false);
        return _seen.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _over.Dispose();
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
                _seen.UnionWith(Now().Where(address => !_own.Contains(address)));
        }
        catch (OperationCanceledException) { }
    }

    /// <summary>Fields: number, local address, remote address, state, and others. The gateway's sockets may be of
    /// either family.</summary>
    private IEnumerable<string> Now()
    {
        var there = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        return from file in (string[])["/proc/net/tcp", "/proc/net/tcp6"]
               where File.Exists(file)
               from line in File.ReadLines(file).Skip(1)
               let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
               where fields.Length > 3 && fields[3] == SynSent && fields[2].EndsWith(there, StringComparison.Ordinal)
               select fields[1];
    }
}
