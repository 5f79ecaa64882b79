using System.Diagnostics;
using System.Text.Json;
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
        try
        {
            say($"loads {LoadOrder.Read(text).Load.Url.Authority} from here");
        }
        catch (JsonException e)
        {
            say($"what it said is no order of a load: {e.Message}");
            return;
        }
        using var part = FaultLine.StartSelf(LoadPartProcess.Command);
        var (answering, beating) = (AnswerAsync(part, lines), lines.BeatAsync(InjectorJson.Beat));
        for (var line = text; line is not (null or InjectorJson.End);
            line = await lines.ReadAsync(InjectorJson.Silence).ConfigureAwait(false))
            if (line.Length > 0 && line != text && line is not (LoadOrder.Go or LoadOrder.Stop))
            {
                say("what it said is no word to a load");
                break;
            }
            else if (line.Length > 0 && !await InjectorDoor.TellAsync(part, line).ConfigureAwait(false)) break;
        try { part.StandardInput.Close(); }
        catch (IOException) { }
        await part.WaitForExitAsync().WaitAsync(EndsWithin, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!part.HasExited) part.Kill();
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
            await lines.WriteAsync(new PartAnswer(PartWord.Failed)
            {
                What = $"the process that made its part ended (exit code {part.ExitCode})",
            }.Write()).ConfigureAwait(false);
    }
}
