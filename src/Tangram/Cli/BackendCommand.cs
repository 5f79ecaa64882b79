using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Tangram.Planning;

namespace Tangram.Cli;

/// <summary>Says how gateways shall treat one replica.</summary>
internal static class BackendCommand
{
    public static Command Make(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var replica = new Argument<string>("REPLICA") { Description = "As `tangram ps` names it" };
        var weight = new Option<double?>("--weight")
        {
            Description = "So much of its share of requests: 1% to 1000%", HelpName = "SHARE", CustomParser = Weight,
        };
        var drain = new Option<bool>("--drain")
        {
            Description = "No new requests, except from clients that stay with it by a cookie",
        };
        var maintenance = new Option<bool>("--maintenance") { Description = "No new requests at all" };
        var normal = new Option<bool>("--normal") { Description = "As if nothing had been asked" };
        var command = new Command("backend", "Gives a replica more, less or no requests at every gateway; it runs on")
        {
            replica, weight, drain, maintenance, normal, file, json,
        };
        command.Validators.Add(result =>
        {
            if (new Option[] { weight, drain, maintenance, normal }.Count(o => result.GetResult(o) is not null) != 1)
                result.AddError("give one of --weight, --drain, --maintenance and --normal");
        });
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var how = parsed.GetValue(weight) is { } share
                ? string.Create(CultureInfo.InvariantCulture, $"weight={share * 100:0.####}")
                : parsed.GetValue(drain) ? "mode=drain"
                : parsed.GetValue(maintenance) ? "mode=maintenance" : "mode=normal";
            var path = $"/v1/backend/{Uri.EscapeDataString(parsed.GetValue(replica)!)}?{how}";
            ActCommands.Print(context, parsed.GetValue(json), await client.PostAsync(path, null, cancellation));
        }));
        return command;
    }

    private static double? Weight(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var number = text.EndsWith('%') ? Quantities.Number(text[..^1].TrimEnd(' ')) / 100 : Quantities.Number(text);
        if (number is >= 0.01 and <= 10) return number;
        result.AddError($"'{text}' after --weight is not a weight. Write 1% to 1000%, such as 50%; for none --drain");
        return null;
    }
}
