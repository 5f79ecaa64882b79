using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Proving.Injecting;

/// <summary>Packets to and from these processes are dropped, so that nobody is told when they end. The table belongs to
/// the program that made it (nftables' flag "owner", Linux 5.12), and that ends with its input: however we end, the
/// kernel takes it away.</summary>
internal sealed class CutPorts : IDisposable
{
    private const int ElementsPerLine = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Process _nft;
    private readonly string _table = string.Create(CultureInfo.InvariantCulture,
        $"inet tangram_power_{Environment.ProcessId}");
    private readonly HashSet<int> _ports = [];

    private CutPorts(Process nft) => _nft = nft;

    /// <summary>From the moment when this returns none of their packets passes. Null when it cannot be done, and
    /// why.</summary>
    public static async Task<(CutPorts? Cut, string Why)> TryMakeAsync(IEnumerable<int> pids, TimeProvider time)
    {
        if (Native.EffectiveUser() != 0) return (null, "this user may not filter packets");
        var start = new ProcessStartInfo("nft", ["-i"])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            var cut = new CutPorts(Process.Start(start)!);
            if (await cut.SaidAsync(
            [
                $"add table {cut._table} {{ flags owner; }}",
                $"add set {cut._table} struck {{ type inet_service; }}",
                .. cut.Elements(pids),
                $"add chain {cut._table} comes {{ type filter hook input priority -300; policy accept; }}",
                $"add chain {cut._table} goes {{ type filter hook output priority -300; policy accept; }}",
                $"add rule {cut._table} comes meta l4proto {{ tcp, udp }} th dport @struck drop",
                $"add rule {cut._table} goes meta l4proto {{ tcp, udp }} th sport @struck drop",
            ], time).ConfigureAwait(false)) return (cut, "");
            cut.Dispose();
            return (null, "nft would not filter packets");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"its ports could not be found ({e.Message})");
        }
        catch (Win32Exception)
        {
            return (null, "there is no nft to filter packets");
        }
    }

    public void Dispose()
    {
        try { _nft.StandardInput.Close(); }
        catch (IOException) { }
        if (!_nft.WaitForExit(Patience)) _nft.Kill();
        _nft.Dispose();
    }

    /// <summary>The same for ports that these have opened since.</summary>
    public async Task AddAsync(IEnumerable<int> pids, TimeProvider time)
    {
        if (Elements(pids) is { Count: > 0 } some) await SaidAsync(some, time).ConfigureAwait(false);
    }

    private List<string> Elements(IEnumerable<int> pids) =>
    [
        .. PortsOf(pids).Where(_ports.Add).Chunk(ElementsPerLine)
            .Select(some => $"add element {_table} struck {{ {string.Join(", ", some)} }}"),
    ];

    /// <summary>Whether it was done in time: the last rule is there when it is listed.</summary>
    private async Task<bool> SaidAsync(IEnumerable<string> script, TimeProvider time)
    {
        await _nft.StandardInput.WriteLineAsync(string.Join('\n', [.. script, $"list chain {_table} goes"]))
            .ConfigureAwait(false);
        await _nft.StandardInput.FlushAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            while (await _nft.StandardOutput.ReadLineAsync(patience.Token).ConfigureAwait(false) is { } line)
                if (line.Contains("@struck drop") && !line.Contains("add rule")) return true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException) { }
        return false;
    }

    /// <summary>Of all their sockets, at this end.</summary>
    private static List<int> PortsOf(IEnumerable<int> pids)
    {
        var sockets = pids.SelectMany(SocketsOf).ToHashSet();
        var ports = new SortedSet<int>();
        foreach (var table in (string[])["tcp", "tcp6", "udp", "udp6"])
            foreach (var line in File.ReadLines($"/proc/net/{table}").Skip(1))
            {
                // sl local remote st queues timer retransmits uid timeout inode
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 9 && sockets.Contains(fields[9]))
                    ports.Add(int.Parse(fields[1].AsSpan(fields[1].LastIndexOf(':') + 1), NumberStyles.HexNumber,
                        CultureInfo.InvariantCulture));
            }
        return [.. ports];
    }

    private static IEnumerable<string> SocketsOf(int pid)
    {
        const string socket = "socket:[";
        try
        {
            return [.. Directory.GetFiles($"/proc/{pid}/fd").Select(path => new FileInfo(path).LinkTarget)
                .OfType<string>().Where(target => target.StartsWith(socket, StringComparison.Ordinal))
                .Select(target => target[socket.Length..^1])];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
