using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>The durable trace of a replica's last start, written before its program may run, so that no process can
/// exist that no record names. Boot id, pid and start time together name one process for good.</summary>
internal sealed record ReplicaRecord
{
    public required ReplicaName Replica { get; init; }
    public required ServiceName Service { get; init; }
    public required int Revision { get; init; }
    public int? Port { get; init; }
    public required int Starts { get; init; }
    public required int Pid { get; init; }
    public required long StartTime { get; init; }
    public required string BootId { get; init; }
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <summary>It has a guard; see <see cref="SingletonGuard"/>.</summary>
    public bool Singleton { get; init; }

    /// <summary>True once its end was seen; <see cref="Exit"/> is then its code, or null when that is
    /// unknown.</summary>
    public bool Ended { get; init; }
    public int? Exit { get; init; }

    /// <summary>The very process that this record names still runs.</summary>
    public bool Runs => !Ended && BootId == ProcessStat.BootId
        && ProcessStat.Read(Pid) is { Ended: false } stat && stat.StartTime == StartTime;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReplicaRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;

/// <summary>The records of one node: <c>REPLICA.json</c> each, in a folder of the node's own.</summary>
internal sealed class RecordFolder
{
    private readonly string _folder;

    public RecordFolder(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder, StateFolder.OwnerOnly);
    }

    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when it is not on
    /// disk.</summary>
    public void Save(ReplicaRecord record, bool durable = true)
    {
        var text = JsonSerializer.Serialize(record, RecordJson.Default.ReplicaRecord);
        DurableFile.Write(PathOf(record.Replica), text, durable);
    }

    public void Remove(ReplicaName replica)
    {
        File.Delete(PathOf(replica));
        File.Delete(ExitOf(replica));
    }

    /// <summary>Where a job's shell writes START CODE; see <see cref="Gate.JobScript"/>.</summary>
    public string ExitOf(ReplicaName replica) => Path.Combine(_folder, replica.Value + ".exit");

    /// <summary>What the shell of this very start wrote; null when it wrote nothing.</summary>
    public int? ReadExit(ReplicaName replica, int start)
    {
        try
        {
            var words = File.ReadAllText(ExitOf(replica)).Split(' ', StringSplitOptions.TrimEntries);
            return words is [var number, var code] && int.TryParse(number, out var known) && known == start
                && int.TryParse(code, out var exit) ? exit : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Every readable record, sorted by replica. One that cannot be read names nothing; it is removed and its
    /// file named in <paramref name="unreadable"/>: the orphan sweep then finds its process.</summary>
    public IReadOnlyList<ReplicaRecord> Load(List<string> unreadable)
    {
        var records = new List<ReplicaRecord>();
        foreach (var path in Directory.EnumerateFiles(_folder, "*.json"))
        {
            try
            {
                records.Add(JsonSerializer.Deserialize(File.ReadAllText(path), RecordJson.Default.ReplicaRecord)
                            ?? throw new JsonException("null is not a record"));
            }
            catch (JsonException)
            {
                unreadable.Add(path);
                File.Delete(path);
            }
        }
        return [.. records.OrderBy(record => record.Replica)];
    }

    private string PathOf(ReplicaName replica) => Path.Combine(_folder, replica.Value + ".json");
}
