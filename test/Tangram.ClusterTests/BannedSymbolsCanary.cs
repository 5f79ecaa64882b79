using System.Diagnostics;

namespace Tangram.ClusterTests;

/// <summary>A ban that does not stop the compiler is only a list. So a project with the rules of Core and of the shell
/// is compiled, in which one line breaks them.</summary>
public sealed class BannedSymbolsCanary : IDisposable
{
    private readonly string _folder = Path.Combine(Repository.Root, "artifacts", "canary", Path.GetRandomFileName());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("BannedSymbols.txt", "System.DateTime.Now")]
    [InlineData("BannedSymbols.txt", "new System.Random(1)")]
    [InlineData("src/Tangram/BannedSymbols.txt", "new System.Threading.PeriodicTimer(System.TimeSpan.MaxValue)")]
    public void A_banned_symbol_does_not_compile(string list, string expression)
    {
        Write("Canary.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <RestorePackagesWithLockFile>false</RestorePackagesWithLockFile>
                <RestoreLockedMode>false</RestoreLockedMode>
                <ArtifactsPath>{_folder}/artifacts</ArtifactsPath>
              </PropertyGroup>
              <ItemGroup>
                <AdditionalFiles Include="{Path.Combine(Repository.Root, list)}" />
                <PackageReference Include="Microsoft.CodeAnalysis.BannedApiAnalyzers" PrivateAssets="all" />
              </ItemGroup>
            </Project>
            """);
        Write("Canary.cs", $"public static class Canary {{ public static readonly object Sings = {expression}; }}");

        var (code, output) = Build();

        Assert.NotEqual(0, code);
        Assert.Contains("error RS0030", output);
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, name), text);
    }

    private (int Code, string Output) Build()
    {
        var start = new ProcessStartInfo("dotnet", ["build", "-v", "q", "--nologo", "--disable-build-servers"])
        {
            WorkingDirectory = _folder, RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
