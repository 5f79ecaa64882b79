using System.Globalization;

namespace Tangram.ClusterTests.Drilling;

/// <summary>How the deploy of an edited file must end.</summary>
internal enum EditEnd
{
    InForce = 0,
    RolledBack = 1,
    Refused = 2,
}

/// <summary>A service of an edited shop.</summary>
/// <param name="Build">The folder of its program.</param>
/// <param name="Edition">A variable of its replicas, by which they are told apart.</param>
internal sealed record EditedService(
    string Name, string Build, string Command, string Path, int Replicas, int Edition = 0, int Batch = 3,
    int Grace = 10)
{
    /// <summary>Programs that never serve, as the shop's builds of order have it.</summary>
    public bool Broken => Build is "order-exits" or "order-never-ready" || Command.Contains("exit 3");

    public string Text() => string.Create(CultureInfo.InvariantCulture, $$"""
          {{Name}}:
            command: {{Command}}
            environment: { LATENCY_MS: "5", EDITION: "{{Edition}}" }
            stop_grace_period: {{Grace}}s
            deploy:
              replicas: {{Replicas}}
              update_config: { parallelism: {{Batch}}, order: start-first, monitor: 1s, failure_action: rollback }
            x-tangram: { files: bin/{{Build}}, probe: http:/healthz, route: { path: {{Path}} } }

        """);
}

/// <summary>A shop's file as somebody edits it: the services, a comment, and a mistake or none.</summary>
/// <param name="Mistake">A line that makes no sense, below order or at the top level.</param>
internal sealed record EditedShop(EditedService[] Services, string Comment, string? Mistake)
{
    public static EditedShop First { get; } = new(
    [
        new EditedService("order", "order-v1", "[dotnet, Order.dll]", "/api/orders", 3),
        new EditedService("stock", "stock", "[dotnet, Stock.dll]", "/api/stock", 2),
        new EditedService("web", "web", "[dotnet, Web.dll]", "/", 1),
    ], "", null);

    /// <summary>The oracle: a file with a mistake is refused, one with a program that never serves is rolled back, and
    /// every other one comes into force.</summary>
    public EditEnd End => Mistake is not null ? EditEnd.Refused
        : Services.Any(service => service.Broken) ? EditEnd.RolledBack
        : EditEnd.InForce;

    public string Text() => $"# {Comment}\nname: shop\nservices:\n" +
        string.Concat(Services.Select(service => service.Text())) + (Mistake is null ? "" : Mistake + "\n") +
        """
        x-tangram:
          zones: [a, b, c]
          gateway: { listen: ["http://127.0.0.1:8080"] }

        """;

    /// <summary>One to three changes at once, as people make them.</summary>
    public (EditedShop Shop, string What) Edit(Random chance, int number)
    {
        var (shop, whats) = (this with { Comment = $"edit {number}" }, new List<string>());
        for (var changes = chance.Next(1, 4); changes > 0; changes--)
        {
            (shop, var what) = shop.Change(chance, number);
            whats.Add(what);
        }
        return (shop, string.Join(", ", whats));
    }

    private (EditedShop Shop, string What) Change(Random chance, int number)
    {
        var one = Services[chance.Next(Services.Length)];
        switch (chance.Next(20))
        {
            case <= 3: return With(one with { Replicas = chance.Next(1, 4) }, "replicas");
            case <= 7: return With(one with { Edition = number }, "a variable");
            case <= 9: return With(one with { Batch = chance.Next(1, 5) }, "parallelism");
            case 10: return With(one with { Grace = chance.Next(5, 15) }, "grace");
            case <= 13:
                return With(Order with { Build = Order.Build == "order-v1" ? "order-v2" : "order-v1" }, "a build");
            case <= 15: return Toggled("side", "/side", number);
            case 16: return With(Order with { Build = "order-exits" }, "a build that exits");
            case 17 when chance.Next(3) == 0:
                return With(Order with { Build = "order-never-ready" }, "a build that is never ready");
            case 17: return With(one with { Command = "[sh, -c, 'exit 3']" }, "a command that exits");
            case 18: return (this, "a comment");
            default:
                var mistake = Mistakes[chance.Next(Mistakes.Length)];
                return (this with { Mistake = mistake }, $"the mistake '{mistake.Trim()}'");
        }
    }

    private static string[] Mistakes =>
    [
        "  more: { }", "  order: { command: [again] }", "  more: { command: [sleep, \"9\"], nosuchkey: 1 }",
        "  more: { command: [sleep, \"9\"], deploy: { replicas: -1 } }", "\tmore:", "  more: [", "volumes: [a]",
        "  more: { command: [sleep, \"9\"], depends_on: [nobody] }",
        "  more: { command: [sleep, \"9\"], x-tangram: { files: no/such/folder } }",
        "  more: { command: [sleep, \"9\"], x-tangram: { probe: \"ftp:/\" } }",
    ];

    private EditedService Order => Services.Single(service => service.Name == "order");

    private (EditedShop, string) With(EditedService changed, string what) => (this with
    {
        Services = [.. Services.Select(service => service.Name == changed.Name ? changed : service)],
    }, $"{what} of {changed.Name}");

    private (EditedShop, string) Toggled(string name, string path, int number) =>
        Services.Any(service => service.Name == name)
            ? (this with { Services = [.. Services.Where(service => service.Name != name)] }, $"{name} removed")
            : (this with
            {
                Services = [.. Services, new EditedService(name, "web", "[dotnet, Web.dll]", path, 1, number)],
            }, $"{name} added");
}
