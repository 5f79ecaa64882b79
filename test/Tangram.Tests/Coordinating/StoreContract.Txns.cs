using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public abstract partial class StoreContract
{
    [Fact(Timeout = Patience)]
    public async Task A_put_raises_the_revision_by_one_and_a_read_does_not()
    {
        var before = await RevisionAsync();
        Assert.Equal(before + 1, await PutAsync("a", "1"));
        Assert.Equal(before + 1, await RevisionAsync());
        Assert.Equal(before + 1, (await CommitAsync(new StoreOp.Get("a"))).Revision);
        Assert.Equal(before + 1, (await CommitAsync(new StoreOp.Delete("missing"))).Revision);
        Assert.Equal(before + 1, (await CommitAsync(new StoreOp.DeletePrefix("missing/"))).Revision);
        Assert.Equal(before + 1, (await CommitAsync()).Revision);
        Assert.Equal(before + 2, (await CommitAsync(new StoreOp.Delete("a"))).Revision);
    }

    [Fact(Timeout = Patience)]
    public async Task A_key_remembers_its_creation_and_counts_its_versions()
    {
        var created = await PutAsync("a", "1");
        var changed = await PutAsync("a", "2");
        Assert.Equal(new KeyValue("a", "2", created, changed, 2, 0), await GetAsync("a"));
        await CommitAsync(new StoreOp.Delete("a"));
        Assert.Null(await GetAsync("a"));
        var again = await PutAsync("a", "3");
        Assert.Equal(new KeyValue("a", "3", again, again, 1, 0), await GetAsync("a"));
    }

    [Fact(Timeout = Patience)]
    public async Task All_changes_of_a_transaction_share_one_revision()
    {
        await PutAsync("old", "1");
        var before = await RevisionAsync();
        var answer = await CommitAsync(new StoreOp.Put("a", "1"), new StoreOp.Put("b", "2"), new StoreOp.Delete("old"));
        Assert.Equal(before + 1, answer.Revision);
        var batch = Assert.Single(await WatchAsync("", answer.Revision, 1));
        Assert.Equal(answer.Revision, batch.Revision);
        Assert.Equal(["a", "b", "-old"], Keys(batch));
        Assert.All(batch.Changes, change => Assert.Equal(answer.Revision, change.Pair.ModRevision));
    }

    [Fact(Timeout = Patience)]
    public async Task A_get_sees_what_the_same_transaction_did_before_it()
    {
        await PutAsync("a", "1");
        var answer = await CommitAsync(
            new StoreOp.Get("a"), new StoreOp.Put("b", "2"), new StoreOp.Get("b"), new StoreOp.Delete("a"),
            new StoreOp.Get("a"));
        Assert.Equal(["1", "2", null], answer.Gets.Select(pair => pair?.Value));
        Assert.Equal(answer.Revision, answer.Gets[1]!.ModRevision);
    }

    [Theory(Timeout = Patience)]
    [InlineData(CompareTarget.Version, CompareResult.Equal, 2, "", true)]
    [InlineData(CompareTarget.Version, CompareResult.Less, 2, "", false)]
    [InlineData(CompareTarget.Version, CompareResult.Greater, 1, "", true)]
    [InlineData(CompareTarget.Version, CompareResult.NotEqual, 2, "", false)]
    [InlineData(CompareTarget.Value, CompareResult.Equal, 0, "two", true)]
    [InlineData(CompareTarget.Value, CompareResult.NotEqual, 0, "two", false)]
    [InlineData(CompareTarget.Value, CompareResult.Less, 0, "zzz", true)]
    [InlineData(CompareTarget.Value, CompareResult.Greater, 0, "a", true)]
    [InlineData(CompareTarget.CreateRevision, CompareResult.Greater, 0, "", true)]
    [InlineData(CompareTarget.ModRevision, CompareResult.Equal, 0, "", false)]
    public async Task A_comparison_decides_the_branch(
        CompareTarget target, CompareResult result, long number, string text, bool expected)
    {
        await PutAsync("a", "one");
        await PutAsync("a", "two");
        var answer = await Store.CommitAsync(new Txn
        {
            Compares = [new Compare("a", target, result, number, text)],
            Then = [new StoreOp.Put("branch", "then")],
            Else = [new StoreOp.Put("branch", "else")],
        }, Cancelled);
        Assert.Equal(expected, answer.Succeeded);
        Assert.Equal(expected ? "then" : "else", (await GetAsync("branch"))!.Value);
    }

    [Fact(Timeout = Patience)]
    public async Task A_missing_key_has_numbers_of_zero_and_satisfies_no_comparison_of_its_value()
    {
        foreach (var target in new[] { CompareTarget.ModRevision, CompareTarget.CreateRevision, CompareTarget.Version })
            Assert.True(await Holds(new Compare("none", target, CompareResult.Equal, 0)));
        foreach (var result in Enum.GetValues<CompareResult>())
            Assert.False(await Holds(new Compare("none", CompareTarget.Value, result, Text: "")));
        Assert.True(await Holds(Compare.Absent("none")));
    }

    [Fact(Timeout = Patience)]
    public async Task A_failed_comparison_changes_nothing()
    {
        var revision = await PutAsync("a", "1");
        var answer = await Store.CommitAsync(new Txn
        {
            Compares = [Compare.Unchanged("a", revision), Compare.Absent("a")],
            Then = [new StoreOp.Put("a", "2")],
            Else = [new StoreOp.Get("a")],
        }, Cancelled);
        Assert.Equal((StoreStatus.Ok, false, revision), (answer.Status, answer.Succeeded, answer.Revision));
        Assert.Equal("1", Assert.Single(answer.Gets)!.Value);
    }

    [Fact(Timeout = Patience)]
    public async Task What_etcd_refuses_is_refused_whole()
    {
        var before = await RevisionAsync();
        StoreOp.Put a = new("a", "1"), again = new("a", "2");
        await Refuses(new Txn { Then = [a, again] });
        await Refuses(new Txn { Then = [a], Else = [a, again] });
        await Refuses(new Txn { Then = [a, new StoreOp.Delete("a")] });
        await Refuses(new Txn { Then = [new StoreOp.DeletePrefix("a"), a] });
        await Refuses(new Txn { Then = [new StoreOp.Put("", "1")] });
        await Refuses(new Txn { Then = [a, new StoreOp.Put("b", "1", Lease: 987_654_321)] });
        await Refuses(new Txn { Then = [new StoreOp.Put("a", new string('x', TxnRules.MostBytes + 1))] });
        var many = Enumerable.Range(0, TxnRules.MostOperations + 1).Select(i => new StoreOp.Put($"many/{i}", "1"));
        await Refuses(new Txn { Then = [.. many] });
        Assert.Equal(before, await RevisionAsync());
        var apart = await Store.CommitAsync(new Txn { Then = [a], Else = [again] }, Cancelled);
        Assert.Equal(StoreStatus.Ok, apart.Status);
    }

    [Fact(Timeout = Patience)]
    public async Task A_range_is_sorted_and_holds_the_prefix_alone()
    {
        await CommitAsync(new StoreOp.Put("n/b", "2"), new StoreOp.Put("n/a", "1"), new StoreOp.Put("n", "0"),
            new StoreOp.Put("n0", "9"), new StoreOp.Put("n/a/x", "3"), new StoreOp.Put("N/a", "8"));
        var range = await Store.RangeAsync("n/", Cancelled);
        Assert.Equal(["n/a", "n/a/x", "n/b"], range.Pairs.Select(pair => pair.Key));
        Assert.Equal(StoreStatus.Ok, range.Status);
        var all = (await Store.RangeAsync("", Cancelled)).Pairs.Select(pair => pair.Key).ToList();
        Assert.Equal(all.Order(StringComparer.Ordinal), all);
    }

    [Fact(Timeout = Patience)]
    public async Task A_prefix_is_deleted_in_one_revision()
    {
        await CommitAsync(new StoreOp.Put("n/b", "2"), new StoreOp.Put("n/a", "1"), new StoreOp.Put("o", "0"));
        var answer = await CommitAsync(new StoreOp.DeletePrefix("n/"));
        var deleted = Assert.Single(await WatchAsync("n/", answer.Revision, 1));
        Assert.Equal(["-n/a", "-n/b"], Keys(deleted));
        Assert.Equal(new KeyValue("n/a", "", 0, answer.Revision, 0, 0), deleted.Changes[0].Pair);
        Assert.Empty((await Store.RangeAsync("n/", Cancelled)).Pairs);
        Assert.NotNull(await GetAsync("o"));
    }

    [Fact(Timeout = Patience)]
    public async Task Any_text_comes_back_as_it_was()
    {
        foreach (var text in new[] { "", "七巧板 🧩", "line\r\nbreak\ttab", "a\0b", "\\\"'%$key;--", "\ufeff\u200b" })
        {
            await PutAsync("text/" + text, text);
            Assert.Equal(text, (await GetAsync("text/" + text))!.Value);
            Assert.Equal(text, Assert.Single((await Store.RangeAsync("text/" + text, Cancelled)).Pairs,
                pair => pair.Key == "text/" + text).Value);
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Of_concurrent_writers_that_compared_the_same_exactly_one_wins()
    {
        for (var round = 0; round < 50; round++)
        {
            var revision = await PutAsync("contended", "free");
            var txns = Enumerable.Range(0, 8).Select(writer => new Txn
            {
                Compares = [Compare.Unchanged("contended", revision)],
                Then = [new StoreOp.Put("contended", $"{writer}")],
            });
            var answers = await Task.WhenAll(txns.Select(txn => Task.Run(() => Store.CommitAsync(txn, Cancelled))));
            var winner = Assert.Single(Enumerable.Range(0, 8), writer => answers[writer].Succeeded);
            Assert.Equal($"{winner}", (await GetAsync("contended"))!.Value);
            Assert.Equal(revision + 1, await RevisionAsync());
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Concurrent_increments_are_all_counted()
    {
        await PutAsync("count", "0");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 25;)
            {
                var now = (await GetAsync("count"))!;
                var answer = await Store.CommitAsync(new Txn
                {
                    Compares = [Compare.Unchanged("count", now.ModRevision)],
                    Then = [new StoreOp.Put("count", $"{int.Parse(now.Value) + 1}")],
                }, Cancelled);
                if (answer.Succeeded) done++;
            }
        })));
        Assert.Equal("200", (await GetAsync("count"))!.Value);
    }

    [Fact(Timeout = Patience)]
    public async Task A_cancelled_request_throws()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.RangeAsync("", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.CommitAsync(new Txn(), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.KeepAliveAsync(1, cancelled));
    }

    [Fact(Timeout = Patience)]
    public async Task A_closed_store_is_unavailable()
    {
        await Store.DisposeAsync();
        Assert.Equal(StoreStatus.Unavailable, (await Store.RangeAsync("", Cancelled)).Status);
        Assert.Equal(StoreStatus.Unavailable, (await CommitAsync(new StoreOp.Put("a", "1"))).Status);
        Assert.Equal(StoreStatus.Unavailable, (await Store.GrantAsync(TimeSpan.FromSeconds(5), Cancelled)).Status);
        Assert.Equal(StoreStatus.Unavailable, (await Store.KeepAliveAsync(1, Cancelled)).Status);
        Assert.Equal(StoreStatus.Unavailable, (await Store.RevokeAsync(1, Cancelled)).Status);
        Assert.Equal(StoreStatus.Unavailable, (await Store.CompactAsync(1, Cancelled)).Status);
    }

    private async Task<bool> Holds(Compare compare) =>
        (await Store.CommitAsync(new Txn { Compares = [compare] }, Cancelled)).Succeeded;

    private async Task Refuses(Txn txn)
    {
        var answer = await Store.CommitAsync(txn, Cancelled);
        Assert.Equal(StoreStatus.Unavailable, answer.Status);
        Assert.NotEmpty(answer.Error);
    }
}
