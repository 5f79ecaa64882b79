using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Channels;
using Tangram.Cli;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>The drill's end of the line to the holder of its faults. Closing it ends all of them.</summary>
internal sealed class FaultLine : IFaultLine
{
    /// <summary>Starting a process takes a fraction of it, even on a machine that has much to do.</summary>
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(20), EndsWithin = TimeSpan.FromSeconds(40);

    private readonly Process _holder;
    private readonly TimeProvider _time;
    private Task _reading = Task.CompletedTask;

    private FaultLine(Process holder, TimeProvider time) => (_holder, _time) = (holder, time);

    /// <summary>Throws <see cref="CommandFailure"/> when another drill is held on this cluster.</summary>
    public static async Task<FaultLine> OpenAsync(FaultPlace place, TimeProvider time)
    {
        var holder = Start(place);
        var line = new FaultLine(holder, time);
        string? first;
        try
        {
            first = await holder.StandardOutput.ReadLineAsync().WaitAsync(StartsWithin, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await line.DisposeAsync().ConfigureAwait(false);
            throw new CommandFailure(Exit.Failed, "whoever should hold the faults did not start within " +
                $"{StartsWithin.TotalSeconds:0} s: this machine is too busy");
        }
        if (first is not null && FaultJson.Answer(first) is { Word: FaultWord.Holds }) return line;
        await line.DisposeAsync().ConfigureAwait(false);
        throw new CommandFailure(Exit.Failed, first is null ? "whoever should hold the faults ended at once"
            : FaultJson.Answer(first).What);
    }

    /// <summary>The holder, whose input and output are ours.</summary>
    public static Process Start(FaultPlace place) => StartSelf([FaultHolder.Command, place.Name, place.Socket,
        place.Folder, .. place.Stores is { } stores ? [string.Join(',', stores) + ","] : Array.Empty<string>()]);

    /// <summary>This program a second time, whose input and output are ours.</summary>
    public static Process StartSelf(params string[] words)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        // Started as `dotnet tangram.dll`, the program is the runtime and we are its first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var word in words) start.ArgumentList.Add(word);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new CommandFailure(Exit.Failed, $"this program could not be started a second time: {e.Message}");
        }
    }

    /// <summary>From now on every answer becomes an event; and so does its end, for each fault in
    /// <paramref name="open"/>.</summary>
    public void Follow(ChannelWriter<DrillEvent> events, Func<IEnumerable<int>> open) =>
        _reading = ReadAsync(events, open);

    public void Inject(DrillEffect.Inject inject, LoadOptions load) => Send(Order(inject, load));

    public static FaultOrder Order(DrillEffect.Inject inject, LoadOptions load) => new(inject.Fault, false,
        inject.Spec.Kind, inject.Target.Name, inject.Spec.For, [.. inject.Target.Replicas], [.. inject.Target.Nodes],
        inject.Spec.Kind != FaultKind.TrafficSpike ? null : new FaultTraffic(load.Url.OriginalString, load.Method,
            load.Headers.FirstOrDefault(header => header.Name == "Host")?.Value, inject.Spec.Rate ?? load.Rate * 4,
            [.. load.Also.Select(url => url.OriginalString)]))
        {
            Impairment = !inject.Spec.Form.Impairs ? null
                : inject.Spec.Impairment ?? ImpairmentSpec.Usual(inject.Spec.Kind),
            Link = inject.Spec.Link is not { } link ? null
                : new FaultLink(link, link.To is { } to ? [to] : [], [], []),
            Shared = inject.Spec.Shared, Seed = inject.Seed, Offset = inject.Spec.Offset,
            Rate = inject.Spec.Rate ?? FaultSpec.UsualDiskRate,
        };

    public void Revert(int fault) => Send(Ended(fault));

    public static FaultOrder Ended(int fault) => new(fault, true, default, "", TimeSpan.Zero, [], []);

    public async ValueTask DisposeAsync()
    {
        try { _holder.StandardInput.Close(); }
        catch (IOException) { }
        // Its answers end with it.
        await Task.WhenAll(_reading, _holder.WaitForExitAsync()).WaitAsync(EndsWithin, _time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _holder.Dispose();
    }

    private void Send(FaultOrder order)
    {
        try
        {
            _holder.StandardInput.WriteLine(FaultJson.Write(order));
            _holder.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It is gone; the end of its answers tells.
        }
    }

    private async Task ReadAsync(ChannelWriter<DrillEvent> events, Func<IEnumerable<int>> open)
    {
        while (await _holder.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            var answer = FaultJson.Answer(line);
            events.TryWrite(answer.Word switch
            {
                FaultWord.Injected => new DrillEvent.Injected(answer.Number, answer.What),
                FaultWord.Reverted => new DrillEvent.Reverted(answer.Number, answer.What),
                _ => new DrillEvent.Missed(answer.Number, answer.What),
            });
        }
        foreach (var fault in open()) events.TryWrite(new DrillEvent.Missed(fault, "whoever held it is gone"));
    }
}
