using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tangram.Model;

namespace Tangram.Cli;

/// <summary>The commands that read the file: plan, config.</summary>
internal static class FileCommands
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Plan(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var command = new Command("plan", "Says what a deploy would change and why, and what is weak; changes nothing")
        {
            file, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var spec = context.Finder.Read(context.Finder.FileOf(parsed.GetValue(file)));
            var asJson = parsed.GetValue(json);
            var host = context.Around.Variable("TANGRAM_HOST") is { Length: > 0 };
            var place = host ? context.Finder.Find(null) : context.Finder.Named(spec.Name);
            if (!host && !ClusterFinder.Answers(place.Address))
            {
                context.Around.Print(context.Entrances.PlanAlone(spec, asJson).TrimEnd());
                return Exit.Done;
            }
            using var client = new ClusterClient(place);
            var path = asJson ? "/v1/plan?json=true" : "/v1/plan";
            var plan = await client.SendAsync(HttpMethod.Post, path, Json.Write(spec), cancellation);
            context.Around.Print(plan.TrimEnd());
            return Exit.Done;
        });
        return command;
    }

    public static Command Config(CommandContext context)
    {
        var file = CommandContext.FileOption();
        var command = new Command("config", "Prints the file as Tangram understands it, as JSON") { file };
        command.SetAction(parsed =>
        {
            var spec = context.Finder.Read(context.Finder.FileOf(parsed.GetValue(file)));
            context.Around.Print(JsonNode.Parse(Json.Write(spec))!.ToJsonString(Indented));
            return Exit.Done;
        });
        return command;
    }
}
