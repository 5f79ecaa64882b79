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
[JsonSerializable(typeof(GatewayTroubleView))]
[JsonSerializable(typeof(AcmeView))]
[JsonSerializable(typeof(CertificateView[]))]
[JsonSerializable(typeof(HistoryView[]))]
[JsonSerializable(typeof(JobView[]))]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(ChangeView[]))]
[JsonSerializable(typeof(Doctoring.FindingView[]))]
[JsonSerializable(typeof(Scale[]))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(DeltaView))]
[JsonSerializable(typeof(ReplicaView))]
[JsonSerializable(typeof(TopView))]
[JsonSerializable(typeof(UsageView))]
[JsonSerializable(typeof(LogLineView))]
[JsonSerializable(typeof(RoutesView))]
[JsonSerializable(typeof(GatewayTrafficView))]
[JsonSerializable(typeof(RouteTrafficView))]
[JsonSerializable(typeof(ServiceTrafficView))]
[JsonSerializable(typeof(BackendTrafficView))]
[JsonSerializable(typeof(string))]
public sealed partial class ViewJson : JsonSerializerContext
{
    // For people and diffs: café stays café. It is not embedded in HTML.
    // Made when first asked for: the generated half of this class has statics of its own, in an order of its own.
    private static JsonSerializerOptions Plain => field ??= Made(indented: false);
    private static JsonSerializerOptions Indented => field ??= Made(indented: true);

    public static string Write<T>(T view, bool indented = false) =>
        JsonSerializer.Serialize(view, (JsonTypeInfo<T>)(indented ? Indented : Plain).GetTypeInfo(typeof(T)));

    /// <summary>Throws <see cref="JsonException"/> when the text is not a <typeparamref name="T"/>.</summary>
    public static T Read<T>(string text) where T : class =>
        JsonSerializer.Deserialize(text, (JsonTypeInfo<T>)Plain.GetTypeInfo(typeof(T)))
        ?? throw new JsonException("null is not a view");

    private static JsonSerializerOptions Made(bool indented) => new(Default.Options)
    {
        WriteIndented = indented,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
