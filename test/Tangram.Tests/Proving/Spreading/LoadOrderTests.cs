using System.Text;
using System.Text.Json;
using Tangram.Cli;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Spreading;

namespace Tangram.Tests.Proving.Spreading;

public sealed class LoadOrderTests(ITestOutputHelper output)
{
    private static LoadRequest Request => new(new Uri("http://10.0.0.1:8080/a"), 300, TimeSpan.FromSeconds(5), "GET",
        null, ["x-y: z"], ["GET http://10.0.0.1:8080/a 3", "POST http://10.0.0.1:8080/b 1"], [], null,
        TimeSpan.FromSeconds(10), 1000, "x-id", 0, false)
    {
        Stages = "10..50 5s", Injectors = ["10.0.0.7:7650"], Tls = "/etc/secret",
    };

    private static LoadOrder Order => new(Request, 1, 3, "0123456789ab", null, true);

    [Fact]
    public void An_order_is_read_as_it_was_written_without_what_is_nobody_elses_business()
    {
        var text = Order.Write();
        Assert.DoesNotContain("secret", text);
        Assert.DoesNotContain('\n', text);
        var read = LoadOrder.Read(text);
        Assert.Equal(Order with { Load = Request with { Injectors = [], Tls = null } }, read);
        var options = read.Options();
        Assert.Equal((new LoadPart(1, 3), 2, 5.0),
            (options.Part, options.Classes.Count, options.Duration.TotalSeconds));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("{\"Load\":null,\"Machine\":0,\"Machines\":1,\"Run\":\"a\",\"Trust\":null,\"Log\":false}")]
    public void What_is_no_order_is_refused(string text) =>
        Assert.ThrowsAny<JsonException>(() => LoadOrder.Read(text));

    [Theory]
    [InlineData("\"Machine\":1", "\"Machine\":3")]
    [InlineData("\"Machine\":1", "\"Machine\":-1")]
    [InlineData("\"Machines\":3", "\"Machines\":100000")]
    [InlineData("\"Url\":\"http://10.0.0.1:8080/a\"", "\"Url\":null")]
    [InlineData("\"Url\":\"http://10.0.0.1:8080/a\"", "\"Url\":\"/a\"")]
    [InlineData("\"Also\":[]", "\"Also\":[null]")]
    [InlineData("\"Headers\":[", "\"Headers\":[null,")]
    [InlineData("\"CaFile\":null", "\"CaFile\":\"/dev/zero\"")]
    [InlineData("\"Run\":\"0123456789ab\"", "\"Run\":\"a\\r\\nb: c\"")]
    public void What_no_load_would_say_is_refused(string said, string instead)
    {
        var text = Order.Write();
        Assert.Contains(said, text);
        Assert.ThrowsAny<JsonException>(() => LoadOrder.Read(text.Replace(said, instead)));
    }

    [Fact]
    public void Whatever_a_stranger_writes_is_an_order_or_is_refused()
    {
        const ulong seed = 44;
        output.WriteLine($"seed {seed}");
        var (order, chance, read) = (Order.Write(), new Rng(seed), 0);
        for (var i = 0; i < 20_000; i++)
        {
            try
            {
                _ = LoadOrder.Read(Edited(order, chance)).Options();
                read++;
            }
            catch (Exception e) when (e is JsonException or CommandFailure) { }
        }
        Assert.InRange(read, 100, 19_900);
    }

    /// <summary>Of what a part counted: nothing but these two, so that a load of many machines ends.</summary>
    [Fact]
    public void Whatever_a_part_writes_is_counted_or_is_refused()
    {
        const ulong seed = 45;
        output.WriteLine($"seed {seed}");
        var options = Order.Options();
        var book = LoadBook.For(options, null);
        for (var i = 0; i < 50; i++)
            book.Ended(new(i % 2, i, TimeSpan.FromMilliseconds(i * 90), TimeSpan.FromMilliseconds(i * 90),
                TimeSpan.FromMilliseconds(i * 90 + i), LoadOutcome.Answered(i % 5 == 0 ? 503 : 200)));
        string[] lines =
        [
            new PartAnswer(PartWord.Counted) { Seconds = [.. book.WrittenSeconds()] }.Write(),
            new PartAnswer(PartWord.Done)
            {
                Counts = new(book.Written(), null, LoadEffort.Platform, 1, false),
            }.Write(),
        ];
        var (chance, counted) = (new Rng(seed), 0);
        for (var i = 0; i < 5_000; i++)
        {
            try
            {
                var (answer, to) = (PartAnswer.Read(Edited(lines[i % 2], chance)), LoadBook.For(options, null));
                foreach (var second in answer.Seconds ?? []) to.Add(second);
                if (answer.Counts is { } counts) to.Add(counts.Book);
                _ = to.Result(new("run", default, 0, 0, false, (_, _) => LoadEffort.Platform));
                counted++;
            }
            catch (Exception e) when (e is JsonException or FormatException) { }
        }
        Assert.InRange(counted, 100, 4_900);
    }

    /// <summary>In what comes from a hundred machines nothing overflows.</summary>
    [Theory]
    [InlineData(890, 1)]
    [InlineData(-1, 1)]
    [InlineData(100, uint.MaxValue)]
    public void What_no_part_could_have_counted_is_refused(int bucket, uint count)
    {
        var book = LoadBook.For(Order.Options(), null);
        Assert.Throws<FormatException>(() => book.Add(
            new WrittenSecond(0, 1, 1, 1, 0, 0, 0, TimeSpan.FromSeconds(1), bucket, [count])));
    }

    [Fact]
    public void What_is_told_over_and_over_is_refused_before_it_overflows()
    {
        var book = LoadBook.For(Order.Options(), null);
        var second = new WrittenSecond(0, 1, 1, 1, 0, 0, 0, TimeSpan.FromSeconds(1), 100, [40_000_000]);
        book.Add(second);
        Assert.Throws<FormatException>(() => book.Add(second));
    }

    private static string Edited(string text, Rng chance)
    {
        var edited = new StringBuilder(text);
        for (var edits = 1 + chance.Next(4); edits > 0; edits--)
            edited[chance.Next(edited.Length)] = (char)(32 + chance.Next(95));
        return edited.ToString();
    }
}
