using System.Text;
using System.Text.Json;
using Tangram.Proving.Faults;
using Tangram.Proving.Injecting;

namespace Tangram.Tests.Proving.Injecting;

public sealed class InjectorLineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Lines_are_read_however_they_are_cut_and_one_that_is_too_long_ends_the_connection()
    {
        await using var lines = new WireLines(new MemoryStream(Encoding.UTF8.GetBytes("one\n\ntwö\n" +
            new string('x', 20_000))), 8_000, TimeProvider.System);
        Assert.Equal("one", await lines.ReadAsync(Patience));
        Assert.Equal("", await lines.ReadAsync(Patience));
        Assert.Equal("twö", await lines.ReadAsync(Patience));
        Assert.Null(await lines.ReadAsync(Patience));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"Kind\":\"NoSuch\",\"Name\":\"\",\"Lasts\":\"0:0:1\",\"Replicas\":[],\"Nodes\":[]}")]
    [InlineData("{\"Number\":1,\"Revert\":false,\"Kind\":\"NodeLost\",\"Name\":\"\",\"Lasts\":\"0:0:1\"}")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("\0\u0001\u00ff")]
    public void What_is_no_order_is_refused(string line) =>
        Assert.ThrowsAny<JsonException>(() => FaultJson.Order(line));

    [Fact]
    public void Whatever_a_stranger_writes_is_an_order_or_is_refused()
    {
        var order = FaultJson.Write(new FaultOrder(7, false, FaultKind.ReplicaPaused, "web-1", TimeSpan.FromSeconds(1),
            [new StruckReplica("web-1", "web", "a-1", 12, 0, 2)], ["a-1"]));
        Assert.Equal("web-1", FaultJson.Order(order).Name);
        const int seed = 6;
        var chance = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder(order);
            for (var edits = chance.Next(1, 5); edits > 0; edits--)
                text[chance.Next(text.Length)] = (char)chance.Next(32, 127);
            try { FaultJson.Order(text.ToString()); }
            catch (JsonException) { }
        }
    }

    [Theory]
    [InlineData("--etcd", "https://10.0.0.1:2379|https://10.0.0.2:2379")]
    [InlineData("--name", "s1")]
    [InlineData("--tls", "dir")]
    [InlineData("--none", "")]
    public void Values_of_an_option_are_found_on_a_command_line(string option, string values) =>
        Assert.Equal(values, string.Join('|', MachineParts.Values(
            ["tangram", "server", "--name", "s1", "--etcd", "https://10.0.0.1:2379,https://10.0.0.2:2379", "--tls=dir"],
            option)));
}
