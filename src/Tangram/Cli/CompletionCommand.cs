using System.CommandLine;

namespace Tangram.Cli;

/// <summary>Prints what a shell needs to complete our commands; the program itself answers each question.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _tangram() {
            local found
            mapfile -t found < <(tangram "[suggest:$COMP_POINT]" "$COMP_LINE" 2> /dev/null)
            mapfile -t COMPREPLY < <(compgen -W "${found[*]}" -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -o default -F _tangram tangram
        """;

    private const string Zsh = """
        #compdef tangram
        _tangram() {
            local -a found
            found=("${(@f)$(tangram "[suggest:$CURSOR]" "$BUFFER" 2> /dev/null)}")
            compadd -a found || _files
        }
        compdef _tangram tangram
        """;

    private const string Fish = """
        function __tangram
            set -l line (commandline -cp)
            tangram "[suggest:"(string length -- $line)"]" $line 2> /dev/null
        end
        complete -c tangram -a '(__tangram)'
        """;

    public static Command Make(CommandContext context)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Prints the completion script of a shell, to be read by its start file")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            context.Around.Print(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return Exit.Done;
        });
        return command;
    }
}
