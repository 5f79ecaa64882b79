using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class SqliteJournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-journal-").FullName;
    private readonly FakeTimeProvider _time = new();

    private string File => Path.Combine(_folder, "store.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_newer_format_is_refused()
    {
        SqliteJournal.Open(File).Dispose();
        Change($"PRAGMA user_version = {SqliteSchema.Format + 1}");
        var refused = Assert.Throws<StoreFileException>(() => SqliteJournal.Open(File));
        Assert.Contains("newer Tangram", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_something_else_is_refused_and_left_alone()
    {
        Change("CREATE TABLE theirs (a)");
        Assert.Contains("not a Tangram store", Refused(), StringComparison.Ordinal);
        System.IO.File.WriteAllText(File, string.Concat(Enumerable.Repeat("this is no database, only text\n", 100)));
        Assert.Contains("not an SQLite file", Refused(), StringComparison.Ordinal);
        Assert.StartsWith("this is", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_a_missing_folder_says_so()
    {
        var path = Path.Combine(_folder, "none", "store.db");
        var refused = Assert.Throws<StoreFileException>(() => SqliteJournal.Open(path));
        Assert.Contains("Check that its folder exists", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_refused()
    {
        using (var journal = SqliteJournal.Open(File))
        {
            var write = new StoreWrite { Revision = 2 };
            for (var i = 0; i < 500; i++)
                write.Pairs[$"key/{i}"] = new KeyValue($"key/{i}", new string('x', 100), 2, 2, 1, 0);
            Assert.Equal(StoreStatus.Ok, journal.Write(write).Status);
        }
        var bytes = System.IO.File.ReadAllBytes(File);
        bytes.AsSpan(5 * 4096, 3 * 4096).Fill(0x5A);
        System.IO.File.WriteAllBytes(File, bytes);
        var refused = Assert.Throws<StoreFileException>(() =>
        {
            using var journal = SqliteJournal.Open(File);
            journal.Load(Instant.Zero);
        });
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_file_is_its_owners_alone()
    {
        using var journal = SqliteJournal.Open(File);
        journal.Write(new StoreWrite { Revision = 2 });
        if (!OperatingSystem.IsWindows())
            foreach (var file in Directory.GetFiles(_folder))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_full_disk_refuses_writes_keeps_leases_and_recovers()
    {
        await using var store = new SqliteStore(SqliteJournal.Open(File, mostBytes: 64 * 1024), _time);
        var lease = (await store.GrantAsync(TimeSpan.FromSeconds(10))).Lease;
        var before = await store.RangeAsync("");
        var refused = await store.CommitAsync(Put("big", new string('x', 100_000)));
        Assert.Equal(StoreStatus.Unavailable, refused.Status);
        Assert.Contains("full", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before.Revision, (await store.RangeAsync("")).Revision);
        Assert.Equal(TimeSpan.FromSeconds(10), (await store.KeepAliveAsync(lease)).Ttl);
        var small = await store.CommitAsync(Put("small", "1"));
        Assert.Equal((StoreStatus.Ok, before.Revision + 1), (small.Status, small.Revision));
        await store.DisposeAsync();
        await using var again = await SqliteStore.OpenAsync(File, _time);
        Assert.Equal(["small"], (await again.RangeAsync("")).Pairs.Select(pair => pair.Key));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_commit_that_fails_and_is_not_in_the_file_is_refused()
    {
        SqliteJournal.Open(File).Dispose();
        // A broken deferred constraint is found at COMMIT, as a failing disk would be.
        Change("""
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
            CREATE TRIGGER trap AFTER INSERT ON pairs WHEN NEW.key = 'trap' BEGIN INSERT INTO child VALUES (1); END;
            """);
        await using var store = await SqliteStore.OpenAsync(File, _time);
        var before = await store.CommitAsync(Put("a", "1"));
        var failed = await store.CommitAsync(Put("trap", "1"));
        Assert.Equal(StoreStatus.Unavailable, failed.Status);
        Assert.Contains("constraint", failed.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["a"], (await store.RangeAsync("")).Pairs.Select(pair => pair.Key));
        var next = await store.CommitAsync(Put("b", "1"));
        Assert.Equal((StoreStatus.Ok, before.Revision + 1), (next.Status, next.Revision));
        await store.DisposeAsync();
        await using var again = await SqliteStore.OpenAsync(File, _time);
        Assert.Equal(["a", "b"], (await again.RangeAsync("")).Pairs.Select(pair => pair.Key));
    }

    [Fact]
    public void A_journal_tells_a_write_that_is_there_from_one_that_is_not()
    {
        using var journal = SqliteJournal.Open(File);
        journal.Write(new StoreWrite { Revision = 2 });
        Assert.False(journal.Settle());
        journal.Dispose();
        Change("UPDATE store SET commits = commits + 1");
        Assert.True(journal.Settle());
        Assert.False(journal.Settle());
        journal.Dispose();
        Change("UPDATE store SET commits = commits + 5");
        Assert.Throws<InvalidDataException>(() => journal.Settle());
    }

    /// <summary>No test here can cut the power, so the setting that survives it is checked by name.</summary>
    [Fact]
    public void Every_commit_is_synced()
    {
        SqliteJournal.Open(File).Dispose();
        using var connection = SqliteSchema.Open(File, SqliteJournal.DefaultMostBytes);
        Assert.Equal(2, connection.Number("PRAGMA synchronous"));
        Assert.True(System.IO.File.Exists(File + "-wal"));
    }

    [Fact]
    public void A_store_in_use_is_refused()
    {
        using var journal = SqliteJournal.Open(File);
        Assert.Contains("in use by another process", Refused(), StringComparison.Ordinal);
        Assert.Equal(StoreStatus.Ok, journal.Write(new StoreWrite { Revision = 2 }).Status);
    }

    private static Txn Put(string key, string value) => new() { Then = [new StoreOp.Put(key, value)] };

    private string Refused() => Assert.Throws<StoreFileException>(() => SqliteJournal.Open(File)).Message;

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        connection.Run(sql);
    }
}
