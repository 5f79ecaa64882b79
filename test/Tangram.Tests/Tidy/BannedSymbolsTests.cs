using System.Reflection;
using System.Runtime.Loader;

namespace Tangram.Tests.Tidy;

/// <summary>The analyzer ignores a misspelt symbol silently, and then the ban is not one.</summary>
public sealed class BannedSymbolsTests
{
    private static readonly string[] Platform =
        (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(':')
        .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
        .Where(path => !path.Contains("CoreLib")).ToArray();

    [Theory]
    [InlineData("BannedSymbols.txt")]
    [InlineData("src/Tangram/BannedSymbols.txt")]
    public void Every_banned_symbol_exists(string path) => Findings.None(
        from line in SourceFile.Of(path).Lines
        where line.Length > 0
        let symbol = line.Split(';')[0]
        where !Exists(symbol)
        select $"{path}: {symbol} names nothing");

    [Fact]
    public void A_misspelt_symbol_would_be_noticed()
    {
        Assert.True(Exists("P:System.DateTime.Now"));
        Assert.False(Exists("P:System.DateTime.Nov"));
        Assert.False(Exists("M:System.Threading.Tasks.Task.Delay(System.Int64)"));
        Assert.False(Exists("T:System.Stopwatch"));
    }

    [Theory]
    [InlineData("src/Tangram.Core/Tangram.Core.csproj", "../../BannedSymbols.txt")]
    [InlineData("src/Tangram/Tangram.csproj", "BannedSymbols.txt")]
    public void The_list_is_given_to_the_analyzer(string project, string list)
    {
        var text = SourceFile.Of(project).Text;
        Assert.Contains($"<AdditionalFiles Include=\"{list}\" />", text);
        Assert.Contains("Microsoft.CodeAnalysis.BannedApiAnalyzers", text);
        Assert.Contains("<TreatWarningsAsErrors>true<", SourceFile.Of("Directory.Build.props").Text);
    }

    /// <summary>Resolves a documentation id: T: type, P: property, M: method or constructor.</summary>
    private static bool Exists(string symbol)
    {
        var (kind, id) = (symbol[0], symbol[2..]);
        if (kind == 'T') return Find(id) is not null;
        var name = id.Split('(')[0];
        var cut = name.LastIndexOf('.');
        if (Find(name[..cut]) is not { } type) return false;
        return kind == 'P'
            ? type.GetProperty(name[(cut + 1)..]) is not null
            : Overloads(type, name[(cut + 1)..]).Any(method => Id(type, method) == id);
    }

    private static IEnumerable<MethodBase> Overloads(Type type, string name) => name == "#ctor"
        ? type.GetConstructors()
        : type.GetMethods().Where(method => method.Name == name);

    private static string Id(Type type, MethodBase method)
    {
        var parameters = string.Join(',', method.GetParameters().Select(p => Id(p.ParameterType)));
        return $"{type.FullName}.{method.Name.Replace('.', '#')}{(parameters == "" ? "" : $"({parameters})")}";
    }

    private static string Id(Type type) => type.IsGenericType
        ? $"{type.Namespace}.{type.Name.Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(Id))}}}"
        : type.FullName ?? type.Name;

    private static Type? Find(string name) => Type.GetType(name) ?? Platform
        .Select(path => AssemblyLoadContext.Default.LoadFromAssemblyPath(path).GetType(name))
        .FirstOrDefault(type => type is not null);
}
