using System.CommandLine;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Deploy and rollback: ask for a revision, then follow it to its end. The exit code is 0 only if it is in
/// force.</summary>
internal static class DeployCommand
{
    public static Command Deploy(CommandContext context)
    {
        var file = CommandContext.FileOption();
        var (envFile, profile) = (CommandContext.EnvFileOption(), CommandContext.ProfileOption());
        var supersede = new Option<bool>("--supersede") { Description = "Replace a rollout that is in progress" };
        var attach = new Option<bool>("--attach") { Description = "Only follow the rollout that is in progress" };
        var timeout = CommandContext.DurationOption("--timeout", "Stop following after this time; the rollout goes on");
        var command = new Command("deploy", "Makes the running cluster match the file, and says whether it does")
        {
            file, envFile, profile, supersede, attach, timeout,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var follower = new RolloutFollower(context, parsed.GetValue(timeout));
            if (parsed.GetValue(attach))
                return await follower.FollowAsync(context.Finder.Find(parsed.GetValue(file)), null, cancellation);
            var spec = context.Finder.Read(context.Finder.RequestOf(
                parsed.GetValue(file), parsed.GetValue(envFile), parsed.GetValue(profile)));
            var place = context.Around.Variable("TANGRAM_HOST") is { Length: > 0 }
                ? context.Finder.Find(null)
                : context.Finder.Named(spec.Name);
            var path = "/v1/deploy" + (parsed.GetValue(supersede) ? "?supersede=true" : "");
            return await AskAsync(context, follower, place, path, Json.Write(spec), cancellation);
        });
        return command;
    }

    public static Command Rollback(CommandContext context)
    {
        var file = CommandContext.FileOption();
        var timeout = CommandContext.DurationOption("--timeout", "Stop following after this time; the rollout goes on");
        var command = new Command("rollback", "Goes back to the revision before; ends a rollout in progress")
        {
            file, timeout,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var follower = new RolloutFollower(context, parsed.GetValue(timeout));
            var place = context.Finder.Find(parsed.GetValue(file));
            return AskAsync(context, follower, place, "/v1/rollback", null, cancellation);
        });
        return command;
    }

    private static async Task<int> AskAsync(CommandContext context, RolloutFollower follower, ClusterPlace place,
        string path, string? body, CancellationToken cancellation)
    {
        using var client = new ClusterClient(place);
        var done = await client.PostAsync(path, body, cancellation);
        context.Around.Print(done.What);
        return await follower.FollowAsync(place, done.Revision, cancellation);
    }
}
