using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Cli;

/// <summary>tangram ca: only what is typed; the work is behind <see cref="Entrances"/>.</summary>
internal static class CaCommands
{
    private const int DefaultDays = 365, MostDays = 3650;

    public static Command Make(CommandContext context) =>
        new("ca", "Makes the certificates by which the machines of a cluster know each other")
        {
            Init(context), Issue(context), Show(context),
        };

    private static Command Init(CommandContext context)
    {
        var cluster = Checked(new Option<string>("--cluster")
        {
            Description = "The cluster's name, as its file says", HelpName = "NAME", Required = true,
        }, text => PeerIdentity.IsCluster(text) ? null
            : $"'{text}' is not a cluster's name: use 1 to {Names.Longest} lower-case letters, digits, '-' or '_'");
        var folder = Folder("--out", "Where to make it (default: ca, in this folder)");
        var command = new Command("init", "Makes the authority of a cluster: ca.crt, and ca.key, which admits machines")
        {
            cluster, folder,
        };
        command.SetAction(parsed => Ask(context, new TrustRequest.Init(
            parsed.GetValue(cluster)!, Absolute(context, parsed.GetValue(folder) ?? "ca"))));
        return command;
    }

    private static Command Issue(CommandContext context)
    {
        var role = Checked(new Argument<string>("ROLE") { Description = "server, agent, gateway or client" }, text =>
            PeerIdentity.TryParseRole(text, out _) ? null
                : $"'{text}' is not a role: write server, agent, gateway or client");
        role.CompletionSources.Add(Enum.GetValues<PeerRole>().Select(PeerIdentity.TextOf).ToArray());
        var name = Checked(new Argument<string>("NAME") { Description = "Its name; an agent's is its node's" }, text =>
            Names.IsValid(text) ? null
                : $"'{text}' is not a name: use 1 to {Names.Longest} letters, digits, '-', '_' or '.', starting with " +
                  "a letter or digit");
        var addresses = Addresses();
        var authority = Folder("--ca", "The authority's folder (default: ca, in this folder)");
        var folder = Folder("--out", "The folder to make or to renew (default: NAME, in this folder)");
        var days = new Option<int>("--days")
        {
            Description = $"How long it is valid (default {DefaultDays})", HelpName = "N",
            DefaultValueFactory = _ => DefaultDays,
        };
        days.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() is >= 1 and <= MostDays) return;
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"--days takes 1 to {MostDays}"));
        });
        var command = new Command("issue", "Makes a machine's folder, for --tls: ca.crt, node.crt and node.key")
        {
            role, name, addresses, authority, folder, days,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(role) != "server" || result.GetResult(addresses) is not null) return;
            result.AddError("A server needs --address IP-OR-HOST: where others meet it; etcd and its tools compare it");
        });
        command.SetAction(parsed =>
        {
            PeerIdentity.TryParseRole(parsed.GetValue(role), out var wanted);
            var node = NodeName.Of(parsed.GetValue(name)!);
            return Ask(context, new TrustRequest.Issue(wanted, node, parsed.GetValue(addresses)!.ToEquatableArray(),
                Absolute(context, parsed.GetValue(authority) ?? "ca"),
                Absolute(context, parsed.GetValue(folder) ?? node.Value), parsed.GetValue(days)));
        });
        return command;
    }

    private static Command Show(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var path = new Argument<string>("FILE|DIR") { Description = "A certificate, or a folder of such" };
        var command = new Command("show", "Says whose a certificate is, and until when it is valid") { path, json };
        command.SetAction(parsed => Ask(context, new TrustRequest.Show(
            Absolute(context, parsed.GetValue(path)!), parsed.GetValue(json))));
        return command;
    }

    private static Option<string[]> Addresses() => new("--address")
    {
        Description = "Where others meet it, several with commas or repeated; 127.0.0.1 and localhost are always there",
        HelpName = "IP-OR-HOST",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            const StringSplitOptions Clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
            var given = result.Tokens.SelectMany(token => token.Value.Split(',', Clean)).ToArray();
            foreach (var text in given)
                if (PeerIdentity.ProblemOfAddress(text) is { } problem) result.AddError(problem);
            if (given.Length == 0) result.AddError("--address takes an IP address or a host name");
            return given;
        },
    };

    private static Option<string?> Folder(string name, string description) =>
        new(name) { Description = description, HelpName = "DIR" };

    private static Argument<string> Checked(Argument<string> argument, Func<string, string?> problem)
    {
        argument.Validators.Add(result => Check(result, problem));
        return argument;
    }

    private static Option<string> Checked(Option<string> option, Func<string, string?> problem)
    {
        option.Validators.Add(result => Check(result, problem));
        return option;
    }

    private static void Check(SymbolResult result, Func<string, string?> problem)
    {
        foreach (var token in result.Tokens)
            if (problem(token.Value) is { } found) result.AddError(found);
    }

    private static string Absolute(CommandContext context, string path) =>
        Path.GetFullPath(path, context.Around.WorkingFolder);

    private static int Ask(CommandContext context, TrustRequest request) =>
        context.Entrances.Trust(request, context.Around);
}
