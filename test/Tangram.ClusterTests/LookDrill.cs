using System.Text;
using System.Text.RegularExpressions;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>A look is waited for by a person: it starts nothing that it does not need.</summary>
[Collection(nameof(Alone))]
public sealed partial class LookDrill
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Several times what it takes on an idle machine; the bench has the exact figure.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(1);

    /// <summary>What serves, forwards, stores or reads Compose files, and what the platform's HTTP client brings along,
    /// which takes longer to start than a whole look.</summary>
    private static readonly string[] Heavy =
        ["Microsoft.AspNetCore", "Microsoft.Extensions", "Yarp", "Grpc", "Google", "Microsoft.Data", "YamlDotNet",
            "System.Net.Security"];

    [Theory]
    [InlineData("ps")]
    [InlineData("status")]
    [InlineData("why order")]
    public async Task A_look_is_quick_and_loads_no_server(string look)
    {
        // Given a shop that runs
        await using var shop = await ShopCluster.ReadyAsync();

        // When somebody looks, and the runtime notes what it loads
        var loaded = await LoadedAsync(shop, look);

        // Then it is what a look needs
        Assert.Contains("System.Text.Json", loaded);
        Assert.DoesNotContain(loaded, name => Heavy.Any(heavy => name.StartsWith(heavy, StringComparison.Ordinal)));

        // And it is quick
        var took = new List<TimeSpan>();
        foreach (var _ in Enumerable.Range(0, 5))
        {
            var begun = TimeProvider.System.GetTimestamp();
            using var command = shop.Type($"tangram {look} -f compose.yaml");
            Assert.True(await command.EndAsync(Patience) == 0, command.Printed);
            took.Add(TimeProvider.System.GetElapsedTime(begun));
        }
        Assert.True(took.Min() < Most, $"the quickest of five took {took.Min()}");
    }

    /// <summary>The names of the assemblies: the runtime writes each path, in UTF-16, into its own trace.</summary>
    private static async Task<string[]> LoadedAsync(ShopCluster shop, string look)
    {
        var trace = Path.Combine(shop.State, "look.nettrace");
        using var command = shop.Type("DOTNET_EnableEventPipe=1 DOTNET_EventPipeConfig=" +
            $"Microsoft-Windows-DotNETRuntime:8:4 DOTNET_EventPipeOutputPath={trace} tangram {look} -f compose.yaml");
        Assert.True(await command.EndAsync(Patience) == 0, command.Printed);
        var bytes = await File.ReadAllBytesAsync(trace);
        // A text may begin at an odd byte.
        var text = Encoding.Unicode.GetString(bytes) + Encoding.Unicode.GetString(bytes.AsSpan(1));
        return [.. Library().Matches(text).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"/([A-Za-z0-9_.]+)\.dll")]
    private static partial Regex Library();
}
