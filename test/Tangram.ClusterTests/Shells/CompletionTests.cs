using System.Diagnostics;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Shells;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("tangram sta", "status")]
    [InlineData("tangram deploy --sup", "--supersede")]
    public async Task Bash_completes_what_is_typed(string line, string completed)
    {
        const string script = """
            source <(tangram completion bash)
            COMP_LINE=$1 COMP_POINT=${#1}; read -ra COMP_WORDS <<< "$1"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _tangram; printf '%s\n' "${COMPREPLY[@]}"
            """;
        var start = new ProcessStartInfo("bash", ["-c", script, "bash", line]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{Path.GetDirectoryName(ShopCluster.Binary)}:{start.Environment["PATH"]}";
        using var bash = Process.Start(start)!;
        Assert.Equal(completed, (await bash.StandardOutput.ReadToEndAsync()).Trim());
        await bash.WaitForExitAsync();
    }
}
