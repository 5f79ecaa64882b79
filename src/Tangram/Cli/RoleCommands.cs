using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Injecting;

namespace Tangram.Cli;

/// <summary>server, agent and gateway: the roles of a cluster on several machines. Each runs until it is told to end;
/// what it looks after lives on.</summary>
internal sealed class RoleCommands(CommandContext context)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    private readonly Option<string> _cluster = Required("--cluster", "NAME", "The cluster, as its file names it");
    private readonly Option<string> _name = Required("--name", "NAME", "Of this one, unique in the cluster");
    private readonly Option<string[]> _servers = new("--server", "-s")
    {
        Description = "Every server; the same list everywhere", HelpName = "HOST:PORT,…", Required = true,
        AllowMultipleArgumentsPerToken = true, CustomParser = Listed,
    };
    private readonly Option<string?> _tls = new("--tls")
    {
        Description = "The folder that `tangram ca issue` made for this machine", HelpName = "DIR",
    };

    public static Command Server(CommandContext context)
    {
        var role = new RoleCommands(context);
        var listen = Address("--listen", "Where agents, gateways and other servers reach this one");
        var etcd = new Option<string[]>("--etcd")
        {
            Description = "etcd's members; without it the state lies in this server's own folder", HelpName = "URL,…",
            CustomParser = Listed, DefaultValueFactory = _ => [],
        };
        var command = role.Command("server", "Runs a server of a cluster on several machines", listen, etcd);
        command.SetAction((parsed, cancellation) => role.RunAsync("server", async () => await context.Entrances.Server(
            new ServerOptions(role.Options(parsed), parsed.GetValue(listen)!,
                parsed.GetValue(etcd)!.ToEquatableArray()),
            cancellation), parsed));
        return command;
    }

    public static Command Agent(CommandContext context)
    {
        var role = new RoleCommands(context);
        var zone = Required("--zone", "ZONE", "The zone in which this machine stands");
        var listen = Address("--listen", "Where this node's neighbours reach its agent");
        var address = new Option<string?>("--address")
        {
            Description = "The host at which gateways reach what runs here (default: that of --listen)",
            HelpName = "HOST",
        };
        var labels = new Option<string[]>("--label")
        {
            Description = "KEY=VALUE; may be repeated", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [],
        };
        labels.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.IndexOf('=') < 1) result.AddError($"'{token.Value}' is not a label: write KEY=VALUE");
        });
        var cpus =
            new Option<double>("--cpus") { Description = "Cores on offer (default: not limited)", HelpName = "N" };
        var memory = new Option<string?>("--memory")
        {
            Description = "Memory on offer, such as 16G (default: not limited)", HelpName = "SIZE",
        };
        memory.Validators.Add(result =>
        {
            if (Quantities.Bytes(result.Tokens[0].Value) is null)
                result.AddError($"'{result.Tokens[0].Value}' after --memory is not a size: write 16G or 512M");
        });
        var command = role.Command("agent", "Runs services on this machine, as a node of a cluster", zone, listen,
            address, labels, cpus, memory);
        zone.Validators.Add(CheckName);
        command.SetAction((parsed, cancellation) => role.RunAsync("agent", async () =>
        {
            var at = parsed.GetValue(listen)!;
            return await context.Entrances.Agent(new AgentOptions(role.Options(parsed),
                ZoneName.Of(parsed.GetValue(zone)!), at, parsed.GetValue(address) ?? at.Address.ToString(),
                parsed.GetValue(labels)!.Select(LabelOf).OrderBy(l => l.Name, StringComparer.Ordinal)
                    .ToEquatableArray(),
                new Resources
                {
                    Cpus = parsed.GetValue(cpus),
                    Memory = parsed.GetValue(memory) is { } size ? Quantities.Bytes(size) ?? 0 : 0,
                }), cancellation);
        }, parsed));
        return command;
    }

    public static Command Gateway(CommandContext context)
    {
        var role = new RoleCommands(context);
        var zone = new Option<string?>("--zone")
        {
            Description = "The zone in which this machine stands: backends there come first (default: all are equal)",
            HelpName = "ZONE",
        };
        zone.Validators.Add(CheckName);
        var command =
            role.Command("gateway", "Takes requests for a cluster, at the addresses that its file names", zone);
        command.SetAction((parsed, cancellation) => role.RunAsync("gateway", async () =>
            await context.Entrances.Gateway(new GatewayRoleOptions(role.Options(parsed),
                parsed.GetValue(zone) is { } name ? ZoneName.Of(name) : null), cancellation), parsed));
        return command;
    }

    /// <summary>Beside a role: lets drills break it.</summary>
    public static Command Injector(CommandContext context)
    {
        var role = new RoleCommands(context);
        var listen = Address("--listen", "Where drills reach this one");
        var zone = new Option<string?>("--zone")
        {
            Description = "The zone that this machine is lost with (default: that of the agent or gateway here)",
            HelpName = "ZONE",
        };
        zone.Validators.Add(CheckName);
        var etcd = new Option<string[]>("--etcd")
        {
            Description = "etcd's members, of which one runs here (default: as the server here was told)",
            HelpName = "URL,…", CustomParser = Listed, DefaultValueFactory = _ => [],
        };
        var command = new Command("injector", "Lets drills break what runs on this machine, and loads be made from " +
            "it, by who has a server's certificate")
        {
            role._cluster, role._name, role._tls, listen, zone, etcd,
        };
        role._cluster.Validators.Add(CheckName);
        role._name.Validators.Add(CheckName);
        command.SetAction((parsed, cancellation) => role.RunAsync("injector", async () =>
            await context.Entrances.Injector(new InjectorOptions(parsed.GetValue(role._cluster)!,
                parsed.GetValue(role._name)!, parsed.GetValue(listen)!, parsed.GetValue(zone),
                parsed.GetValue(etcd)!.ToEquatableArray(), role.Folder(parsed), context.Around.StateRoot),
                cancellation), parsed));
        return command;
    }

    private Command Command(string name, string description, params ReadOnlySpan<Option> own)
    {
        var command = new Command(name, description) { _cluster, _name, _servers, _tls };
        foreach (var option in own) command.Options.Add(option);
        _cluster.Validators.Add(CheckName);
        _name.Validators.Add(CheckName);
        return command;
    }

    private RoleOptions Options(ParseResult parsed) => new(parsed.GetValue(_cluster)!, parsed.GetValue(_name)!,
        parsed.GetValue(_servers)!.ToEquatableArray(),
        Folder(parsed), context.Around.StateRoot);

    private string? Folder(ParseResult parsed) =>
        parsed.GetValue(_tls) is { } folder ? Path.GetFullPath(folder, context.Around.WorkingFolder) : null;

    /// <summary>Prints its events until SIGTERM, after which another may be started in its place and take its sockets
    /// over, or Ctrl-C.</summary>
    private async Task<int> RunAsync(string role, Func<Task<IRunningRole>> start, ParseResult parsed)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var forGood = false;
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            forGood = signal.Signal == PosixSignal.SIGINT;
            stop.TrySetResult();
        }
        // Held to the end: a registration that is collected lets the signal kill.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        await using var running = await start();
        var around = context.Around;
        around.Print($"{role} {parsed.GetValue(_name)} of {parsed.GetValue(_cluster)} runs; its state is in " +
                     Path.Combine(around.StateRoot, parsed.GetValue(_cluster)!));
        using var done = new CancellationTokenSource();
        for (long last = 0; !stop.Task.IsCompleted;)
        {
            var more = running.Events.AfterAsync(last, Look, done.Token);
            await Task.WhenAny(more, stop.Task, running.Failed, running.Left);
            if (running.Failed.IsCompleted) await running.Failed;
            if (!more.IsCompleted) break;
            foreach (var e in await more)
            {
                around.Print(context.Shown(e));
                last = e.Number;
            }
        }
        await done.CancelAsync();
        if (forGood) await running.CloseAsync();
        around.Print(role == "agent" ? "ends; its replicas go on running" : "ends");
        return Exit.Done;
    }

    private static Variable LabelOf(string text)
    {
        var cut = text.IndexOf('=');
        return new Variable(text[..cut], text[(cut + 1)..]);
    }

    private static Option<string> Required(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value, Required = true };

    private static Option<IPEndPoint> Address(string name, string description) => new(name)
    {
        Description = description, HelpName = "ADDRESS:PORT", Required = true,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (IPEndPoint.TryParse(text, out var address) && address.Port > 0) return address;
            result.AddError($"'{text}' after {name} is not an address with a port, such as 10.0.0.5:7600");
            return null;
        },
    };

    internal static string[] Listed(ArgumentResult result) =>
        [.. result.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))];

    private static void CheckName(OptionResult result)
    {
        if (result.Tokens is [var token] && !Names.IsValid(token.Value))
            result.AddError(string.Create(CultureInfo.InvariantCulture,
                $"'{token.Value}' is not a name: write 1 to {Names.Longest} letters, digits, '-', '_' or '.'"));
    }
}
