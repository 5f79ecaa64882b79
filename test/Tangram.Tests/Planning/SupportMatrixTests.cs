using System.Text.Json.Nodes;
using Tangram.Planning;
using Tangram.Planning.Designing;

namespace Tangram.Tests.Planning;

/// <summary>The pages that are printed from the table. With TANGRAM_RECORD=1 in the environment they are written
/// anew.</summary>
public sealed class SupportMatrixTests
{
    [Fact]
    public void The_page_is_what_the_reader_follows() => Held("compose.md", SupportMatrix.Text());

    [Fact]
    public void The_page_of_design_checks_is_their_table() => Held("design-checks.md", DesignPage.Text());

    [Fact]
    public void The_schema_is_what_the_reader_follows() => Held("x-tangram.schema.json", XTangramSchema.Text());

    [Fact]
    public void The_schema_has_every_honoured_key_and_no_other()
    {
        var schema = JsonNode.Parse(XTangramSchema.Text())!;
        var top = schema["properties"]!["x-tangram"]!;
        var service = schema["properties"]!["services"]!["additionalProperties"]!["properties"]!["x-tangram"]!;
        var route = service["properties"]!["route"]!["anyOf"]![0]!;
        Same(top, "x-tangram (top level)");
        Same(top["properties"]!["objectives"]!, "x-tangram.objectives");
        Same(top["properties"]!["gateway"]!, "x-tangram.gateway");
        Same(service, "x-tangram (of a service)");
        Same(route, "x-tangram.route");

        static void Same(JsonNode schema, string title) => Assert.Equal(
            Sections.All.Single(s => s.Title == title).Keys
                .Where(k => k.Support == Support.Honoured).Select(k => k.Name),
            schema["properties"]!.AsObject().Select(p => p.Key));
    }

    private static void Held(string name, string text)
    {
        var page = Path.Combine(Repository.Root, "docs", name);
        if (Environment.GetEnvironmentVariable("TANGRAM_RECORD") == "1") File.WriteAllText(page, text);
        Assert.Equal(text, File.ReadAllText(page));
    }
}
