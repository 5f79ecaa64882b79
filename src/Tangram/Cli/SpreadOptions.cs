using System.CommandLine;
using System.CommandLine.Parsing;
using Tangram.Model;

namespace Tangram.Cli;

/// <summary>What <c>load</c> takes to be made by several machines.</summary>
internal sealed class SpreadOptions
{
    private readonly Option<string[]> _injectors = new("--injector")
    {
        Description = "From several machines, a part from each: every `tangram injector`; may be repeated",
        HelpName = "HOST:PORT,…", CustomParser = RoleCommands.Listed, DefaultValueFactory = _ => [],
    };
    private readonly Option<string?> _tls = new("--tls")
    {
        Description = "With --injector: the folder that `tangram ca issue` made for this machine, a server",
        HelpName = "DIR",
    };

    public IEnumerable<Option> All => [_injectors, _tls];

    /// <summary>A file's users have data and variables that they share; a search is many loads.</summary>
    public void Refuse(ParseResult parsed, string of)
    {
        if (All.FirstOrDefault(option => Typed(parsed, option)) is { } typed)
            throw CommandFailure.Arguments($"{typed.Name} does not go with {of}: that is made by one machine");
    }

    public LoadRequest With(ParseResult parsed, LoadRequest request, Surroundings around)
    {
        var injectors = parsed.GetValue(_injectors)!.ToEquatableArray();
        var tls = parsed.GetValue(_tls);
        if (injectors.Count == 0 && Typed(parsed, _injectors))
            throw CommandFailure.Arguments("--injector names no machine: write HOST:PORT, such as 10.0.0.5:7650");
        if (injectors.Count == 0 && tls is not null)
            throw CommandFailure.Arguments("--tls goes with --injector; --cacert is of the server that is loaded");
        return request with
        {
            Injectors = injectors, Tls = tls is null ? null : Path.GetFullPath(tls, around.WorkingFolder),
        };
    }

    private static bool Typed(ParseResult parsed, Option option) =>
        parsed.GetResult(option) is OptionResult { Implicit: false };
}
