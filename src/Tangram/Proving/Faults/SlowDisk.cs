using System.Diagnostics;
using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>What runs on a node may read and write a disk only so often a second. A program beside it that writes to
/// the disk of the cluster's state tells what became of it.</summary>
internal sealed class SlowDisk(FaultOrder order, FaultPlace place) : HeldFault
{
    private const int Probe = 4096, Before = 5;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _over = new();
    private readonly Dictionary<string, SlowGroup> _groups = [];
    private readonly HashSet<int> _slowed = [];
    private readonly List<TimeSpan> _before = [], _during = [];
    private Task _probing = Task.CompletedTask;

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        if (SlowGroup.Disks.Count == 0) throw new FaultMissedException("this machine has no disk of its own");
        for (var i = 0; i < Before; i++) _before.Add(await WriteAsync(null, time).ConfigureAwait(false));
        // What is started meanwhile by one that is not slowed down yet comes with the next look.
        while (NodeProcesses.Of(order, place).Where(p => !_slowed.Contains(p.Pid)).ToList()
            is { Count: > 0 } found)
        {
            _slowed.UnionWith(found.Select(process => process.Pid));
            foreach (var process in found)
                try { Slow(process); }
                // Such as a check's program.
                catch (Exception e) when (e is IOException && ProcessStat.Read(process.Pid) is null) { }
        }
        _probing = ProbeAsync(_groups.Values.FirstOrDefault()
            ?? throw new FaultMissedException("what ran there has ended"), time);
        return $"{_slowed.Count} processes may read, and write to, each of {SlowGroup.Disks.Count} disks {Most} " +
            $"times a second; {Probe} bytes were on that of {place.Folder} within {Words(Middle(_before))} before";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        await _over.CancelAsync().ConfigureAwait(false);
        var wrong = "";
        foreach (var folder in _groups.Keys)
            try { await SlowGroup.EndAsync(folder, time).ConfigureAwait(false); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { wrong = e.Message; }
        await _probing.ConfigureAwait(false);
        _over.Dispose();
        if (wrong.Length > 0) throw new FaultMissedException(wrong);
        return _groups.Count == 0 ? "no disk was slowed down" : $"{Probe} bytes were on the disk within " +
            $"{Words(Middle(_before))} before and {Words(Middle(_during))} meanwhile (in the middle of " +
            $"{_during.Count})";
    }

    private int Most => (int)Math.Clamp(Math.Round(order.Rate), 1, int.MaxValue);

    private void Slow(ProcessStat process)
    {
        var group = SlowGroup.Of(process, string.Create(CultureInfo.InvariantCulture,
            $"{Environment.ProcessId}-{order.Number}"), _slowed);
        if (!_groups.ContainsKey(group.Folder))
        {
            Keep(new FaultMend(0, MendKind.Disk) { Group = group.Folder });
            _groups[group.Folder] = group;
            group.Begin(Most);
        }
        group.Enter(process.Pid);
    }

    private async Task ProbeAsync(SlowGroup group, TimeProvider time)
    {
        try
        {
            while (!_over.IsCancellationRequested)
            {
                _during.Add(await WriteAsync(group, time).ConfigureAwait(false));
                await Task.Delay(Every, time, _over.Token).ConfigureAwait(false);
            }
        }
        // A disk that is full too: what was measured until then tells.
        catch (Exception e) when (e is OperationCanceledException or IOException or FaultMissedException) { }
    }

    /// <summary>How long a program takes to write so many bytes and have them synced, its start with it.</summary>
    /// <param name="group">Which it enters.</param>
    private async Task<TimeSpan> WriteAsync(SlowGroup? group, TimeProvider time)
    {
        using var file = NamelessFile.Open(place.Folder);
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardError = true };
        foreach (var word in (string[])["-c",
            "if [ -n \"$1\" ]; then echo $$ > \"$1/cgroup.procs\"; fi; " +
                "exec dd if=/dev/zero \"of=$2\" bs=$3 count=1 conv=notrunc,fsync", "probe", group?.Folder ?? "",
            string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{file.Number()}"),
            Probe.ToString(CultureInfo.InvariantCulture)]) start.ArgumentList.Add(word);
        var begun = time.GetTimestamp();
        using var writer = Process.Start(start)!;
        var said = await writer.StandardError.ReadToEndAsync().ConfigureAwait(false);
        await writer.WaitForExitAsync().ConfigureAwait(false);
        return writer.ExitCode == 0 ? time.GetElapsedTime(begun)
            : throw new FaultMissedException($"the disk of {place.Folder} cannot be written to: {said.Trim()}");
    }

    private static TimeSpan Middle(List<TimeSpan> spans) =>
        spans.Count == 0 ? TimeSpan.Zero : spans.Order().ElementAt(spans.Count / 2);
}
