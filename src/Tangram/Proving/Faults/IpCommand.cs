using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Tangram.Proving.Faults;

/// <summary>The program of iproute2, which asks and changes the kernel's network as we live in it.</summary>
internal static class IpCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What it prints as JSON; throws <see cref="FaultMissedException"/> with its words.</summary>
    public static JsonElement[] Ask(params string[] arguments)
    {
        var (code, printed, wrong) = Run(["-4", "-j", .. arguments], "");
        if (code != 0) throw new FaultMissedException($"ip {string.Join(' ', arguments)}: {wrong}");
        if (printed.Trim().Length == 0) return [];
        using var document = JsonDocument.Parse(printed);
        return [.. document.RootElement.EnumerateArray().Select(element => element.Clone())];
    }

    /// <summary>All of these lines, up to the first that fails.</summary>
    public static void Do(params IEnumerable<string> lines)
    {
        var text = string.Join('\n', lines) + "\n";
        var (code, _, wrong) = Run(["-4", "-batch", "-"], text);
        if (code != 0) throw new FaultMissedException($"ip: {wrong}, in: {text.ReplaceLineEndings("; ")}");
    }

    /// <summary>False: it was not so.</summary>
    public static bool Tried(params string[] arguments) => Run(["-4", .. arguments], "").Code == 0;

    public static string Text(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.ToString() : "";

    private static (int Code, string Printed, string Wrong) Run(string[] arguments, string input)
    {
        var start = new ProcessStartInfo("ip", arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            // What it complains of is shorter than what a pipe holds, so neither waits for the other.
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            var printed = process.StandardOutput.ReadToEnd();
            var wrong = process.StandardError.ReadToEnd();
            if (!process.WaitForExit(Patience)) throw new FaultMissedException("ip does not end");
            return (process.ExitCode, printed, wrong.Trim());
        }
        catch (Win32Exception e)
        {
            throw new FaultMissedException($"faults of links need the program ip (iproute2): {e.Message}");
        }
        catch (IOException e)
        {
            throw new FaultMissedException($"ip: {e.Message}");
        }
    }
}
