using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The last state that this machine read from the store, in a file: what an agent or a gateway starts with
/// when no server answers.</summary>
/// <param name="announce">What went wrong with the file, once.</param>
internal sealed class StateCopy(string file, Action<string> announce)
{
    private bool _said;

    /// <summary>Written no more often than this; a crash may lose as much.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>Marked as recalled; null when there is none that can be read.</summary>
    public ClusterState? Read()
    {
        try
        {
            if (!File.Exists(file)) return null;
            var range = JsonSerializer.Deserialize(File.ReadAllBytes(file), CopyJson.Default.RangeAnswer);
            return range is null ? null : ClusterState.From(range) with { Recalled = true };
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException || Refused(e))
        {
            Say($"the last known state in {file} cannot be read ({e.Message}); nothing starts until a server answers");
            return null;
        }
    }

    public void Write(ClusterState state)
    {
        try
        {
            DurableFile.Write(file, JsonSerializer.Serialize(state.ToRange(), CopyJson.Default.RangeAnswer));
            _said = false;
        }
        catch (Exception e) when (Refused(e))
        {
            Say($"the last known state could not be kept ({e.Message}): should no server answer when this program " +
                "starts again, it would start with an older one");
        }
    }

    private static bool Refused(Exception e) => e is IOException or UnauthorizedAccessException;

    private void Say(string what)
    {
        if (!_said) announce(what);
        _said = true;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RangeAnswer))]
internal sealed partial class CopyJson : JsonSerializerContext;
