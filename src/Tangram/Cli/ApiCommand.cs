using System.CommandLine;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Prints how other programs can talk to a cluster.</summary>
internal static class ApiCommand
{
    public static Command Make(CommandContext context)
    {
        var command = new Command("api", "Prints the description of the API (OpenAPI 3.1), for other programs");
        command.SetAction(_ =>
        {
            context.Around.Print(OpenApi.Text().TrimEnd());
            return Exit.Done;
        });
        return command;
    }
}
