using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>The JSON form of the views. Unlike stored documents, null stands in it, so that every key is always
/// there.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(ReplicaView[]))]
[JsonSerializable(typeof(EventView[]))]
[JsonSerializable(typeof(WhyView))]
[JsonSerializable(typeof(DoneView))]
[JsonSerializable(typeof(ErrorView))]
[JsonSerializable(typeof(ServiceView))]
[JsonSerializable(typeof(NodeView))]
[JsonSerializable(typeof(GatewayView))]
[JsonSerializable(typeof(Scale[]))]
[JsonSerializable(typeof(string))]
public sealed partial class ViewJson : JsonSerializerContext
{
    public static string Write<T>(T view, bool indented = false) =>
        JsonSerializer.Serialize(view, (JsonTypeInfo<T>)(indented ? Forms.Indented : Forms.Plain).GetTypeInfo(typeof(T)));

    /// <summary>Throws <see cref="JsonException"/> when the text is not a <typeparamref name="T"/>.</summary>
    public static T Read<T>(string text) where T : class =>
        JsonSerializer.Deserialize(text, (JsonTypeInfo<T>)Forms.Plain.GetTypeInfo(typeof(T)))
        ?? throw new JsonException("null is not a view");

    // In a class of its own, because the generated half's statics must be there first.
    private static class Forms
    {
        public static readonly JsonSerializerOptions Plain = Made(indented: false);
        public static readonly JsonSerializerOptions Indented = Made(indented: true);

        // For people and diffs: café stays café. It is not embedded in HTML.
        private static JsonSerializerOptions Made(bool indented) => new(Default.Options)
        {
            WriteIndented = indented,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
    }
}
