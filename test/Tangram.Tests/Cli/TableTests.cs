using Tangram.Cli;

namespace Tangram.Tests.Cli;

public sealed class TableTests
{
    private static Table Replicas()
    {
        var table = new Table("REPLICA", "NODE", "STATE", "PID", "BECAUSE") { Yields = ["BECAUSE", "NODE"] };
        table.Add("order-1", "a-1", "ready", "1234", "it was missing, and the zone had the fewest");
        table.Add("order-2", "b-1", "failed", "99", "it ended\nwith exit code 1");
        return table;
    }

    private static string[] Lines(Table table, int? width, bool colour = false)
    {
        var to = new StringWriter();
        table.Write(to, width, colour);
        return to.ToString().TrimEnd('\n').Split('\n');
    }

    [Fact]
    public void Piped_nothing_is_cut_and_a_line_end_in_a_cell_does_not_break_the_line()
    {
        var lines = Lines(Replicas(), null);
        Assert.Equal(3, lines.Length);
        Assert.Equal("order-1  a-1   ready   1234  it was missing, and the zone had the fewest", lines[1]);
        Assert.EndsWith("it ended with exit code 1", lines[2]);
    }

    [Fact]
    public void Columns_give_way_in_their_order_first_by_an_ellipsis_and_then_altogether()
    {
        Assert.Equal("order-1  a-1   ready   1234  it was missing,…", Lines(Replicas(), 45)[1]);
        Assert.Equal("order-1  a-1   ready   1234", Lines(Replicas(), 30)[1]);
        Assert.Equal("order-1  ready   1234", Lines(Replicas(), 24)[1]);
        Assert.Equal("order-1", Lines(Replicas(), 9)[1]);
        Assert.Equal("ord…", Lines(Replicas(), 4)[1]);
    }

    [Fact]
    public void Whatever_the_width_no_line_is_longer()
    {
        for (var width = 1; width < 90; width++)
            Assert.All(Lines(Replicas(), width),
                line => Assert.True(CellText.Width(line) <= width, $"{width}: {line}"));
    }

    [Fact]
    public void Wide_characters_take_two_columns_and_combining_ones_none()
    {
        Assert.Equal((8, 4, 1, 2), (CellText.Width("服务订单"), CellText.Width("café"), CellText.Width("e\u0301"),
            CellText.Width("🚀")));
        Assert.Equal("服务…", CellText.Cut("服务订单", 6));
        Assert.Equal("服务…", CellText.Cut("服务订单", 5));
        Assert.Equal("caf…", CellText.Cut("cafe\u0301s und Bars", 4));
        var table = new Table("NAME", "STATE");
        table.Add("服务", "ready");
        Assert.Equal("服务  ready", Lines(table, 40)[1]);
    }

    [Fact]
    public void A_state_has_a_colour_only_where_colours_are_wanted()
    {
        Assert.Contains("\e[31mfailed\e[0m", Lines(Replicas(), 80, colour: true)[2]);
        Assert.DoesNotContain("\e", string.Concat(Lines(Replicas(), 80)));
    }
}
