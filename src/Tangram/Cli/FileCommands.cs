using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving;

namespace Tangram.Cli;

/// <summary>The commands that read the file: plan, config.</summary>
internal static class FileCommands
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Plan(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var (envFile, profile) = (CommandContext.EnvFileOption(), CommandContext.ProfileOption());
        var resources = new Option<bool>("--resources")
        {
            Description = "Instead: how large nodes must be, with everything there and with any zone lost",
        };
        var command = new Command("plan", "Says what a deploy would change and why, and what is weak; changes nothing")
        {
            file, envFile, profile, resources, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var answer = context.Finder.Answer(context.Finder.RequestOf(
                parsed.GetValue(file), parsed.GetValue(envFile), parsed.GetValue(profile)));
            var spec = answer.Spec!;
            var (asJson, sizes) = (parsed.GetValue(json), parsed.GetValue(resources));
            var host = context.Around.Variable("TANGRAM_HOST") is { Length: > 0 };
            var place = host ? context.Finder.Find(null) : context.Finder.Named(spec.Name);
            if (!host && !ClusterFinder.Answers(place.Address))
            {
                Print(sizes ? ResourcePlan.Of(ClusterState.Empty, spec, asJson)
                    : context.Entrances.PlanAlone(spec, asJson));
                return Exit.Done;
            }
            using var client = new ClusterClient(place);
            var path = $"/v1/plan?json={(asJson ? "true" : "false")}{(sizes ? "&resources=true" : "")}";
            var plan = await client.SendAsync(HttpMethod.Post, path, Json.Write(spec), cancellation);
            Print(plan);
            return Exit.Done;

            // The design is the file's, and its places are those of this machine: the cluster does not know them.
            void Print(string change) => context.Around.Print(sizes ? change : asJson
                ? DesignText.Into(change, answer.Design).ToJsonString(Indented)
                : string.Join('\n', [change.TrimEnd(), .. DesignText.Lines(answer.Design)]));
        });
        return command;
    }

    public static Command Config(CommandContext context)
    {
        var file = CommandContext.FileOption();
        var (envFile, profile) = (CommandContext.EnvFileOption(), CommandContext.ProfileOption());
        var json = new Option<bool>("--json") { Description = "Print what Tangram understands by it, as JSON" };
        var services = new Option<bool>("--services") { Description = "Print only the names of the services that run" };
        var profiles = new Option<bool>("--profiles") { Description = "Print only the names of all profiles" };
        var schema = new Option<bool>("--schema")
        {
            Description = "Print the JSON Schema of x-tangram, for editors; reads no file",
        };
        var command = new Command("config",
            "Prints the file with everything worked in that it leads to: one file that means the same")
        {
            file, envFile, profile, json, services, profiles, schema,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(schema))
            {
                context.Around.Print(XTangramSchema.Text().TrimEnd());
                return Exit.Done;
            }
            var answer = context.Finder.Answer(context.Finder.RequestOf(
                parsed.GetValue(file), parsed.GetValue(envFile), parsed.GetValue(profile)));
            var spec = answer.Spec! with { Contents = null };
            context.Around.Print(
                parsed.GetValue(services) ? string.Join('\n', spec.Services.Select(s => s.Name))
                : parsed.GetValue(profiles) ? string.Join('\n', answer.Profiles)
                : parsed.GetValue(json) ? JsonNode.Parse(Json.Write(spec))!.ToJsonString(Indented)
                : answer.Resolved!().TrimEnd());
            return Exit.Done;
        });
        return command;
    }
}
