using System.CommandLine;

namespace Tangram.Cli;

/// <summary>simulate: only what is typed; the work is behind <see cref="Entrances"/>.</summary>
internal static class SimulateCommand
{
    public static Command Make(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var seed = Option("--seed", "N", "The first seed; it repeats a run exactly", 0UL);
        var seeds = Option("--seeds", "N", "How many, one after the other", 1);
        seeds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError("--seeds takes 1 or more");
        });
        var nodes = Option<int?>("--nodes", "N",
            "Instead, a cluster of N nodes with 20 replicas each that loses a zone and gets it back", null);
        nodes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 6 or > 5_000) result.AddError("--nodes takes 6 to 5000");
        });
        var command = new Command("simulate", "Runs a simulated cluster through seeded faults, checking what must hold")
        {
            seed, seeds, nodes, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var request = new SimulateRequest(parsed.GetValue(seed), parsed.GetValue(seeds), parsed.GetValue(json),
                parsed.GetValue(nodes));
            return context.Entrances.Simulate(request, context.Around, cancellation);
        });
        return command;
    }

    private static Option<T> Option<T>(string name, string value, string description, T fallback) => new(name)
    {
        Description = description, HelpName = value, DefaultValueFactory = _ => fallback,
    };
}
