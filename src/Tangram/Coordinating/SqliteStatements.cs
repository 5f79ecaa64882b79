using Microsoft.Data.Sqlite;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>An open store file with its prepared statements.</summary>
internal sealed class SqliteStatements : IDisposable
{
    private readonly SqliteCommand _begin, _commit, _put, _delete, _grant, _end, _advance;

    public SqliteStatements(SqliteConnection connection)
    {
        Connection = connection;
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _put = Prepare("""
            INSERT INTO pairs VALUES ($key, $value, $created, $modified, $version, $lease)
            ON CONFLICT (key) DO UPDATE SET value = $value, created = $created, modified = $modified,
                version = $version, lease = $lease
            """, "$key", "$value", "$created", "$modified", "$version", "$lease");
        _delete = Prepare("DELETE FROM pairs WHERE key = $key", "$key");
        _grant = Prepare("INSERT OR REPLACE INTO leases VALUES ($id, $ttl)", "$id", "$ttl");
        _end = Prepare("DELETE FROM leases WHERE id = $id", "$id");
        _advance = Prepare("UPDATE store SET revision = $revision, last_lease = $last, commits = $commits",
            "$revision", "$last", "$commits");
    }

    public SqliteConnection Connection { get; }

    public long Commits() => Connection.Number("SELECT commits FROM store");

    /// <summary>Everything but the commit. Throws <see cref="SqliteException"/>.</summary>
    public void Stage(StoreWrite write, long commits)
    {
        Run(_begin);
        foreach (var (key, pair) in write.Pairs)
        {
            if (pair is null) Run(_delete, key);
            else Run(_put, key, pair.Value, pair.CreateRevision, pair.ModRevision, pair.Version, pair.Lease);
        }
        foreach (var (id, ttl) in write.Leases)
        {
            if (ttl is { } span) Run(_grant, id, span.Ticks);
            else Run(_end, id);
        }
        Run(_advance, write.Revision, write.LastLease, commits);
    }

    public void Commit() => Run(_commit);

    public StoreState Load(Instant now)
    {
        var damage = Read("PRAGMA quick_check(1)", row => row.GetString(0))[0];
        if (damage != "ok") throw SqliteJournal.Damaged(Connection.DataSource, damage);
        var pairs = Read("SELECT key, value, created, modified, version, lease FROM pairs", row => new KeyValue(
            row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)));
        var leases = Read("SELECT id, ttl FROM leases", row => (row.GetInt64(0), new TimeSpan(row.GetInt64(1))));
        var (revision, lastLease) =
            Read("SELECT revision, last_lease FROM store", row => (row.GetInt64(0), row.GetInt64(1)))[0];
        return StoreState.Loaded(revision, pairs, leases, lastLease, now);
    }

    public void Dispose()
    {
        foreach (var command in new[] { _begin, _commit, _put, _delete, _grant, _end, _advance }) command.Dispose();
        Connection.Dispose();
    }

    private SqliteCommand Prepare(string sql, params string[] parameters)
    {
        var command = Connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }

    private List<T> Read<T>(string sql, Func<SqliteDataReader, T> row)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(row(reader));
        return rows;
    }
}
