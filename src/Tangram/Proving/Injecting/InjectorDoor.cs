using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Tangram.Cli;
using Tangram.Planning;
using Tangram.Proving.Faults;
using Tangram.Proving.Spreading;

namespace Tangram.Proving.Injecting;

/// <summary>A connection at an injector. Its first line says whether it is that of a load or, as any other one does, of
/// a drill. Faults are held by a process of their own, whose input ends with the connection, or with us: then they
/// end.</summary>
internal sealed class InjectorDoor(
    InjectorOptions options, FaultPlace place, TimeProvider time, Action<string> say)
{
    /// <summary>As a drill's file allows.</summary>
    private const int MostFaults = 1_000;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1),
        EndsWithin = TimeSpan.FromSeconds(40);

    private readonly HashSet<int> _begun = [];
    private Task _looking = Task.CompletedTask;

    /// <summary>Until the connection ends, or is silent, or says what nobody says; then all faults have ended, or the
    /// load has.</summary>
    public async Task ServeAsync(WireLines lines)
    {
        await lines.WriteAsync(InjectorJson.Write(Greeting())).ConfigureAwait(false);
        if (await lines.ReadAsync(InjectorJson.Silence).ConfigureAwait(false) is not { } first) return;
        if (first.StartsWith(LoadOrder.Word, StringComparison.Ordinal))
            await new LoadDoor(time, say).ServeAsync(lines, first).ConfigureAwait(false);
        else await HoldAsync(lines, first).ConfigureAwait(false);
    }

    private async Task HoldAsync(WireLines lines, string first)
    {
        say("holds a drill");
        using var holder = FaultLine.Start(place);
        var answering = AnswerAsync(holder, lines);
        var beating = lines.BeatAsync(InjectorJson.Beat);
        for (var line = first; line is not (null or InjectorJson.End);
            line = await lines.ReadAsync(InjectorJson.Silence).ConfigureAwait(false))
        {
            if (line.Length == 0) continue;
            if (line == InjectorJson.Look)
            {
                if (_looking.IsCompleted) _looking = Task.Run(() => lines.WriteAsync(InjectorJson.Write(Look())));
            }
            else if (Refusal(line) is { } why)
            {
                say($"what it said is no order of a drill: {why}");
                break;
            }
            else if (!await TellAsync(holder, line).ConfigureAwait(false)) break;
        }
        try { holder.StandardInput.Close(); }
        catch (IOException) { }
        await holder.WaitForExitAsync().WaitAsync(EndsWithin, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lines.Close();
        await Task.WhenAll(answering, beating, _looking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        say("its drill is over here");
    }

    private InjectorGreeting Greeting()
    {
        var parts = new MachineParts(place.Name, place.Folder, place.Stores!);
        var role = parts.Role();
        string? Name(string of) => role?.Role == of ? role.Value("--name") : null;
        var stores = parts.Stores(role);
        return new InjectorGreeting(place.Name, options.Name, Name("agent"), options.Zone ?? role?.Value("--zone"),
            Name("server"), Name("gateway"),
            parts.Etcd(role) is { } etcd ? MachineParts.AddressOf(etcd, stores) : null, [.. stores]);
    }

    private InjectorLook Look()
    {
        try
        {
            return new InjectorLook(Get("/v1/status"), Get("/v1/ps"), Get("/v1/routes"));
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentException or TimeoutException)
        {
            return new InjectorLook(null, null, null);
        }
    }

    private string Get(string path)
    {
        var answer = PlainRequest.Get(SocketPlace.Of(options.StateRoot, place.Name), path);
        return answer.Status == 200 ? answer.Body : throw new IOException(answer.Body);
    }

    /// <summary>Null: whoever holds faults may be told.</summary>
    private string? Refusal(string line)
    {
        FaultOrder order;
        try { order = FaultJson.Order(line); }
        catch (JsonException) { return "it cannot be read"; }
        if (order.Revert) return null;
        if (order.Kind is FaultKind.TrafficSpike or FaultKind.BadDeploy) return $"{order.Kind} is not done here";
        if (!Enum.IsDefined(order.Kind)) return "nobody knows such a fault";
        if (FaultForm.Of(order.Kind).Lasts != order.Lasts > TimeSpan.Zero) return "it would not last as its kind does";
        if (FaultForm.Of(order.Kind).Links != order.Link is { IsComplete: true }) return "its link is not complete";
        if (order.Lasts < TimeSpan.Zero || order.Lasts > Longest) return "it would last for more than a day";
        if (order.Kind == FaultKind.ClockOff
            && (order.Offset > Quantities.LongestDuration || order.Offset < -Quantities.LongestDuration))
            return "its clocks would be off by more than ten years";
        if (order.Kind == FaultKind.DiskSlow && order.Rate is not >= 1) return "nothing would be read or written";
        if (order.Replicas.Contains(null)) return "a replica is missing";
        if (_begun.Count >= MostFaults) return $"these are more than {MostFaults} faults";
        return _begun.Add(order.Number) ? null : "this fault had begun already";
    }

    public static async Task<bool> TellAsync(Process holder, string line)
    {
        try
        {
            await holder.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
            await holder.StandardInput.FlushAsync().ConfigureAwait(false);
            return true;
        }
        catch (IOException) { return false; }
    }

    /// <summary>When whoever holds the faults is gone, so is the connection.</summary>
    private static async Task AnswerAsync(Process holder, WireLines lines)
    {
        while (await holder.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
            await lines.WriteAsync(line).ConfigureAwait(false);
        lines.Close();
    }
}
