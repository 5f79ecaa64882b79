using Microsoft.Data.Sqlite;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The durable part of a store in one SQLite file: its pairs, its revision, and its leases without their
/// deadlines.</summary>
internal sealed class SqliteJournal : IJournal
{
    /// <summary>As etcd's default quota; a cluster's state is a few megabytes.</summary>
    public const long DefaultMostBytes = 2L << 30;

    private readonly string _path;
    private readonly long _mostBytes;
    private SqliteStatements? _file;
    private long _commits;

    private SqliteJournal(string path, long mostBytes)
    {
        (_path, _mostBytes) = (path, mostBytes);
        _file = new SqliteStatements(SqliteSchema.Open(path, mostBytes));
        _commits = _file.Commits();
        Epoch = _file.Connection.Number("SELECT epoch FROM store");
    }

    public long Epoch { get; }

    /// <summary>Opens or creates. Throws <see cref="StoreFileException"/>.</summary>
    public static SqliteJournal Open(string path, long mostBytes = DefaultMostBytes)
    {
        try
        {
            CreatePrivate(path);
            return new SqliteJournal(path, mostBytes);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }
    }

    public StoreState Load(Instant now)
    {
        try
        {
            return _file!.Load(now);
        }
        catch (SqliteException e)
        {
            throw Unusable(_path, e);
        }
    }

    public JournalAnswer Write(StoreWrite write)
    {
        try
        {
            _file ??= new SqliteStatements(SqliteSchema.Open(_path, _mostBytes));
            _file.Stage(write, _commits + 1);
        }
        catch (Exception e) when (e is SqliteException or StoreFileException)
        {
            // Closing takes back whatever was staged, also where ROLLBACK would fail as well.
            Close();
            return new JournalAnswer(StoreStatus.Unavailable, Failure(e));
        }
        try
        {
            _file.Commit();
        }
        catch (SqliteException e)
        {
            // The log may or may not have reached the disk, whole.
            Close();
            return new JournalAnswer(StoreStatus.Unknown, Failure(e));
        }
        _commits++;
        return new JournalAnswer(StoreStatus.Ok);
    }

    public bool? Settle()
    {
        try
        {
            _file ??= new SqliteStatements(SqliteSchema.Open(_path, _mostBytes));
            var commits = _file.Commits();
            var written = commits == _commits + 1;
            if (!written && commits != _commits)
                throw new InvalidDataException($"{_path} is at commit {commits}, expected {_commits} or the next: " +
                                               "something else has written to it");
            _commits = commits;
            return written;
        }
        catch (Exception e) when (e is SqliteException or StoreFileException)
        {
            Close();
            return null;
        }
    }

    public void Dispose() => Close();

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    /// <summary>The state holds the services' environment, so the file is its owner's alone, and the log
    /// likewise.</summary>
    private static void CreatePrivate(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
    }

    private string Failure(Exception e) => $"could not write the store {_path}: {e.Message}";

    private static StoreFileException Unusable(string path, Exception e) => e switch
    {
        // SQLite's result codes: https://www.sqlite.org/rescode.html
        SqliteException { SqliteErrorCode: 5 or 6 } => new StoreFileException(
            $"the store {path} is in use by another process. Stop that one first: two would overwrite each other.", e),
        SqliteException { SqliteErrorCode: 11 } => Damaged(path, e.Message, e),
        SqliteException { SqliteErrorCode: 13 } => new StoreFileException(
            $"the store {path} cannot be opened since its disk is full. Make room there.", e),
        SqliteException { SqliteErrorCode: 26 } => new StoreFileException(
            $"{path} is not an SQLite file. Name another file.", e),
        _ => new StoreFileException(
            $"cannot open the store {path}: {e.Message}. Check that its folder exists and can be written.", e),
    };

    internal static StoreFileException Damaged(string path, string what, Exception? e = null) => new(
        $"the store {path} is damaged ({what}). Restore a copy; do not go on with what is left of it.", e);
}
