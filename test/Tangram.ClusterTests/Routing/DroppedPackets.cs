using System.Diagnostics;
using System.Globalization;

namespace Tangram.ClusterTests.Routing;

/// <summary>Packets to and from a port of this machine vanish, all or some of them. The kernel takes the rules away
/// when their program ends (nftables' flag "owner"), however the test ends.</summary>
internal sealed class DroppedPackets : IDisposable
{
    private readonly Process _nft;
    private static int _tables;

    /// <param name="percent">Of the packets in each direction.</param>
    public DroppedPackets(int port, int percent = 100)
    {
        Needs.Root();
        _nft = Process.Start(new ProcessStartInfo(Needs.Program("nft"), ["-i"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var table = string.Create(CultureInfo.InvariantCulture,
            $"inet tangram_test_{Environment.ProcessId}_{Interlocked.Increment(ref _tables)}");
        var some = percent == 100 ? "" : FormattableString.Invariant($"numgen random mod 100 < {percent} ");
        _nft.StandardInput.WriteLine($$"""
            add table {{table}} { flags owner; }
            add chain {{table}} comes { type filter hook input priority -300; policy accept; }
            add rule {{table}} comes tcp dport {{port}} {{some}}drop
            add rule {{table}} comes tcp sport {{port}} {{some}}drop
            list chain {{table}} comes
            """);
        _nft.StandardInput.Flush();
        // nft says again what it was told; what stands in force it lists.
        while (_nft.StandardOutput.ReadLine() is { } line)
            if (line.Contains($"sport {port}") && line.Contains("drop") && !line.Contains("add rule")) return;
        throw new InvalidOperationException($"nft would not filter packets: {_nft.StandardError.ReadToEnd()}");
    }

    public void Dispose()
    {
        _nft.StandardInput.Close();
        _nft.WaitForExit();
        _nft.Dispose();
    }
}
