using System.CommandLine;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>What every command needs: where it runs, what it may call, and the options that they share.</summary>
internal sealed class CommandContext(Surroundings around, Entrances entrances)
{
    public Surroundings Around => around;
    public Entrances Entrances => entrances;
    public ClusterFinder Finder { get; } = new(around, entrances);

    public static Option<string[]> FileOption() => new("--file", "-f")
    {
        Description = "The Compose file of the cluster, or several, the later laid over the earlier " +
            "(default: COMPOSE_FILE, else compose.yaml in this folder)",
        HelpName = "FILE",
    };

    /// <summary>For the commands that read what the files ask for.</summary>
    public static Option<string[]> EnvFileOption() => new("--env-file")
    {
        Description = "A file of variables for the Compose file (default: .env beside it)", HelpName = "FILE",
    };

    public static Option<string[]> ProfileOption() => new("--profile")
    {
        Description = "Run the services of this profile too; * means all (default: COMPOSE_PROFILES)",
        HelpName = "NAME",
    };

    public static Option<bool> JsonOption() =>
        new("--json") { Description = "Print JSON, the same shape as the API's" };

    public static Option<TimeSpan?> DurationOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result =>
        {
            if (Duration.TryParse(result.Tokens[0].Value, out var duration)) return duration;
            result.AddError($"'{result.Tokens[0].Value}' after {name} is not a duration. Write 500ms, 30s or 1m30s");
            return null;
        },
    };

    /// <summary>A command that talks to the cluster which <paramref name="file"/> leads to.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> Asking(
        Option<string[]> file, Func<ClusterClient, ParseResult, CancellationToken, Task> ask) =>
        async (parsed, cancellation) =>
        {
            using var client = new ClusterClient(Finder.Find(parsed.GetValue(file)));
            try { await ask(client, parsed, cancellation); }
            finally { WarnThatItIsOld(client); }
            return Exit.Done;
        };

    /// <summary>A look at an old state says so, beside what it prints.</summary>
    public void WarnThatItIsOld(ClusterClient client)
    {
        if (client.Stale is { } sentence) around.PrintError($"warning: {sentence}");
    }

    public void PrintJson<T>(T view) => around.Print(ViewJson.Write(view, indented: true));

    /// <summary>Local time with its offset.</summary>
    public string Shown(DateTimeOffset at) => Shown(at, around);

    public static string Shown(DateTimeOffset at, Surroundings around) =>
        TimeZoneInfo.ConvertTime(at, around.Clock.LocalTimeZone)
        .ToString("yyyy-MM-dd HH:mm:ss zzz", System.Globalization.CultureInfo.InvariantCulture);

    public string Shown(EventView e) => $"{Shown(e.At)}  {e.Subject}: {e.What}";
}
