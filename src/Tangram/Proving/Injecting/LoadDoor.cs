using System.Diagnostics;
using System.Text.Json;
using Tangram.Cli;
using Tangram.Proving.Faults;
using Tangram.Proving.Spreading;

namespace Tangram.Proving.Injecting;

/// <summary>The connection at an injector of a load that several machines make. The part of this one is made by a
/// process of its own, whose input ends with the connection, or with us: then the load ends.</summary>
internal sealed class LoadDoor(TimeProvider time, Action<string> say)
{
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

    public async Task ServeAsync(WireLines lines, string first)
    {
        var text = first[LoadOrder.Word.Length..];
        Process started;
        try
        {
            say($"loads {LoadOrder.Read(text).Load.Url.Authority} from here");
            started = FaultLine.StartSelf(LoadPartProcess.Command);
        }
        catch (Exception e) when (e is JsonException or CommandFailure)
        {
            var why = e is CommandFailure ? e.Message
                : "its injector does not understand the order, as one of another version would not";
            say($"its part of a load is not made: {e.Message}");
            await FailedAsync(lines, why).ConfigureAwait(false);
            return;
        }
        using var part = started;
        var (answering, beating) = (AnswerAsync(part, lines), lines.BeatAsync(InjectorJson.Beat));
        for (var line = text; line is not (null or InjectorJson.End);
            line = await lines.ReadAsync(InjectorJson.Silence).ConfigureAwait(false))
            if (line.Length > 0 && line != text && line is not (LoadOrder.Go or LoadOrder.Stop))
            {
                say("what it said is no word to a load");
                break;
            }
            // A heartbeat too: should we stand still, it notices.
            else if (!await InjectorDoor.TellAsync(part, line).ConfigureAwait(false)) break;
        try { part.StandardInput.Close(); }
        catch (IOException) { }
        await part.WaitForExitAsync().WaitAsync(EndsWithin, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!part.HasExited) part.Kill();
        // What it said last, or why it says nothing.
        await answering.WaitAsync(EndsWithin, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lines.Close();
        await Task.WhenAll(answering, beating).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        say("its load is over here");
    }

    /// <summary>The connection stays until the other end has read all of it.</summary>
    private static async Task AnswerAsync(Process part, WireLines lines)
    {
        while (await part.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
            await lines.WriteAsync(line).ConfigureAwait(false);
        await part.WaitForExitAsync().ConfigureAwait(false);
        if (part.ExitCode != 0)
            await FailedAsync(lines, $"the process that made its part ended (exit code {part.ExitCode})")
                .ConfigureAwait(false);
    }

    private static Task FailedAsync(WireLines lines, string why) =>
        lines.WriteAsync(new PartAnswer(PartWord.Failed) { What = why }.Write());
}
