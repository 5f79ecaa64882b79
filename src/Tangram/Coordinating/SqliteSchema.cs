using Microsoft.Data.Sqlite;

namespace Tangram.Coordinating;

/// <summary>The store's tables, and how a file is recognized as a store that this version can read.</summary>
internal static class SqliteSchema
{
    /// <summary>Raised by one whenever an older version could misread what a newer one wrote.</summary>
    public const long Format = 1;

    /// <summary>"TGRM", in the header's application_id.</summary>
    private const long Application = 0x5447524D;

    // FULL syncs the log at every commit, which is all that an acknowledged write needs. The exclusive
    // lock keeps a second process from having a second opinion.
    private const string Settings = """
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        """;

    private static readonly string Tables = $"""
        BEGIN IMMEDIATE;
        CREATE TABLE pairs (
            key TEXT PRIMARY KEY, value TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
            version INTEGER NOT NULL, lease INTEGER NOT NULL) STRICT;
        CREATE TABLE leases (id INTEGER PRIMARY KEY, ttl INTEGER NOT NULL) STRICT;
        CREATE TABLE store (
            id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, revision INTEGER NOT NULL,
            last_lease INTEGER NOT NULL, commits INTEGER NOT NULL) STRICT;
        INSERT INTO store VALUES (1, 1, {StoreState.Empty.Revision}, 0, 0);
        PRAGMA application_id = {Application};
        PRAGMA user_version = {Format};
        COMMIT;
        """;

    /// <summary>Opens a file with the store's settings, and makes the tables when it is new.</summary>
    public static SqliteConnection Open(string path, long mostBytes)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            connection.Open();
            Recognize(connection, path);
            connection.Run(Settings);
            // A process that was killed, or a sync that failed, may have left a commit in the log that is not on the
            // disk yet. Nobody may read it before it is: this moves the log into the file and syncs both.
            connection.Run("PRAGMA wal_checkpoint(TRUNCATE)");
            connection.Run($"PRAGMA max_page_count = {mostBytes / connection.Number("PRAGMA page_size")}");
            if (connection.Number("PRAGMA user_version") == 0) connection.Run(Tables);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static long Number(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    public static void Run(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Before anything is written to it.</summary>
    private static void Recognize(SqliteConnection connection, string path)
    {
        var application = connection.Number("PRAGMA application_id");
        var format = connection.Number("PRAGMA user_version");
        var isNew = application == 0 && format == 0 && connection.Number("SELECT count(*) FROM sqlite_schema") == 0;
        if (isNew) return;
        if (application != Application)
            throw new StoreFileException($"{path} is an SQLite file, but not a Tangram store. Name another file.");
        if (format > Format)
            throw new StoreFileException(
                $"{path} was written by a newer Tangram (format {format}; this one reads up to {Format}), and " +
                "reading it as if it were older could lose what it holds. Use the newer version.");
    }
}
