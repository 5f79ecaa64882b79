namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>The same for HTTP/2, which the gateway turns into HTTP/1.1.</summary>
public sealed class Http2StrictnessTests(StrictBed bed) : IClassFixture<StrictBed>
{
    internal static IEnumerable<(string Title, IEnumerable<Http2Row> Rows)> Table =>
    [
        ("Fields", Http2Rows.Fields), ("Pseudo-fields", Http2Rows.Pseudo), ("Bodies and trailers", Http2Rows.Bodies),
        ("Frames", FrameRows.All),
    ];

    public static TheoryData<string> Names => [.. Table.SelectMany(part => part.Rows).Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_answered_as_the_standard_demands(string name)
    {
        var row = Table.SelectMany(part => part.Rows).Single(row => row.Name == name);
        bed.Backend.Forget();
        using var client = new FrameReader();
        await client.ConnectAsync(bed.Port);
        var says = Frames.Begun();
        row.Says(says);
        var sending = client.SendAsync(says.Bytes);
        Assert.Equal(row.Outcome, await client.OutcomeAsync(1));
        await sending;
        if (row.Outcome.StartsWith("GOAWAY", StringComparison.Ordinal))
        {
            Assert.True(await client.EndsAsync());
        }
        else
        {
            await client.SendAsync(new Frames().Headers(101,
                [.. Frames.Get.Where(f => f.Item1 != ":path"), (":path", "/next")]).Bytes);
            Assert.Equal("200", await client.OutcomeAsync(101));
        }
        await CheckBackendAsync(row);
    }

    private async Task CheckBackendAsync(Http2Row row)
    {
        await bed.Backend.QuietAsync();
        Assert.Empty(bed.Backend.Faults);
        var arrivals = bed.Backend.Arrivals.Where(arrival => !arrival.Head.StartsWith("GET /next ")).ToList();
        switch (row.Reaches)
        {
            case Reaches.Nothing:
                Assert.Empty(arrivals);
                break;
            case Reaches.NoEnd:
                Assert.DoesNotContain(arrivals, arrival => arrival.IsWhole);
                break;
            case Reaches.Perhaps:
                Assert.True(arrivals.Count <= 1);
                break;
            default:
                var arrival = Assert.Single(arrivals);
                Assert.True(arrival.IsWhole);
                if (row.Has is not null) Assert.Contains(row.Has, arrival.Head, StringComparison.OrdinalIgnoreCase);
                if (row.Lacks is not null)
                    Assert.DoesNotContain(row.Lacks, arrival.Head, StringComparison.OrdinalIgnoreCase);
                break;
        }
    }
}
