namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Malformed and ambiguous messages of HTTP/1.1: each is answered as the standard demands, and none goes on in
/// a form that two readers could read in two ways.</summary>
public sealed class Http1StrictnessTests(StrictBed bed) : IClassFixture<StrictBed>
{
    internal static IEnumerable<(string Title, IEnumerable<StrictRow> Rows)> Table =>
    [
        ("Lines", HeadRows.Lines), ("Request lines", HeadRows.RequestLines), ("Fields", HeadRows.Fields),
        ("Hosts and forms of the target", HeadRows.Hosts), ("Content-Length", FramingRows.Lengths),
        ("Transfer-Encoding", FramingRows.Codings), ("Chunks and trailers", FramingRows.Chunks),
    ];

    public static TheoryData<string> Names => [.. Table.SelectMany(part => part.Rows).Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_answered_as_the_standard_demands(string name)
    {
        var row = Table.SelectMany(part => part.Rows).Single(row => row.Name == name);
        bed.Backend.Forget();
        using var client = new RawClient();
        await client.ConnectAsync(bed.Port);
        var sending = SendAsync(client, row);
        try
        {
            var got = new List<int>();
            foreach (var _ in row.Statuses) got.Add(await client.AnswerAsync());
            if (row.Or is not { } other || !got.SequenceEqual([other])) Assert.Equal(row.Statuses, got);
            if (row.Stays) await NextIsAnsweredAsync(client);
            else if (row.Statuses[^1] != 0) Assert.True(await client.EndsAsync());
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"neither an answer nor the end within {RawClient.Patience}; the backend got {Got()}");
        }
        await sending;
        await CheckBackendAsync(row);
    }

    private string Got() => string.Join(" | ", bed.Backend.Arrivals.Select(a => $"{a.Head} ({a.IsWhole})"))
        + string.Join(" | ", bed.Backend.Faults);

    private static async Task SendAsync(RawClient client, StrictRow row)
    {
        if (await client.SendAsync(row.Sent) && row.HalfCloses) client.EndSending();
    }

    private static async Task NextIsAnsweredAsync(RawClient client)
    {
        await client.SendAsync("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, await client.AnswerAsync());
    }

    private async Task CheckBackendAsync(StrictRow row)
    {
        await bed.Backend.QuietAsync();
        Assert.Empty(bed.Backend.Faults);
        var arrivals = bed.Backend.Arrivals.Where(arrival => !arrival.Head.StartsWith("GET /next ")
            && !arrival.Head.StartsWith("GET /gone ")).ToList();
        Assert.DoesNotContain(arrivals, arrival => arrival.Head.Contains("/smuggled"));
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
                Assert.Equal(row.Statuses.Count(status => status == 200), arrivals.Count);
                Assert.All(arrivals, arrival => Assert.True(arrival.IsWhole));
                if (row.Has is not null) Assert.Contains(row.Has, arrivals[0].Head, StringComparison.OrdinalIgnoreCase);
                if (row.Lacks is not null)
                    Assert.DoesNotContain(row.Lacks, arrivals[0].Head, StringComparison.OrdinalIgnoreCase);
                break;
        }
    }
}
