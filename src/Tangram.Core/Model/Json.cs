using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tangram.Model;

/// <summary>The one JSON form of every stored document.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Asked))]
[JsonSerializable(typeof(Revision))]
[JsonSerializable(typeof(Term))]
[JsonSerializable(typeof(Assigned))]
[JsonSerializable(typeof(Seen))]
[JsonSerializable(typeof(Dead))]
[JsonSerializable(typeof(Rollout))]
[JsonSerializable(typeof(GatewaySeen))]
[JsonSerializable(typeof(JobRuns))]
[JsonSerializable(typeof(Capacities))]
[JsonSerializable(typeof(MeasuredCapacity))]
[JsonSerializable(typeof(JobRun))]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(RunAsked))]
[JsonSerializable(typeof(Assignment))]
[JsonSerializable(typeof(SeenReplica))]
[JsonSerializable(typeof(Scale))]
[JsonSerializable(typeof(BackendAsked))]
[JsonSerializable(typeof(NextSerial))]
[JsonSerializable(typeof(Outcomes))]
[JsonSerializable(typeof(RateUse))]
[JsonSerializable(typeof(ServiceSpec))]
[JsonSerializable(typeof(Variable))]
[JsonSerializable(typeof(GrantSpec))]
[JsonSerializable(typeof(CarriedContent))]
[JsonSerializable(typeof(CertificateSpec))]
[JsonSerializable(typeof(AcmeSpec))]
[JsonSerializable(typeof(BackendTlsSpec))]
[JsonSerializable(typeof(AcmeAccount))]
[JsonSerializable(typeof(AcmeCertificate))]
[JsonSerializable(typeof(AcmeChallenge))]
[JsonSerializable(typeof(AcmeTroubles))]
[JsonSerializable(typeof(AcmeTrouble))]
[JsonSerializable(typeof(TcpSpec))]
[JsonSerializable(typeof(VolumeSpec))]
[JsonSerializable(typeof(ScheduledDrillSpec))]
[JsonSerializable(typeof(UlimitSpec))]
[JsonSerializable(typeof(PortSpec))]
[JsonSerializable(typeof(DependencySpec))]
[JsonSerializable(typeof(RouteSpec))]
[JsonSerializable(typeof(ValueConditionSpec))]
[JsonSerializable(typeof(DeviceClass))]
[JsonSerializable(typeof(RequestType))]
[JsonSerializable(typeof(SplitShare))]
[JsonSerializable(typeof(HeaderChange))]
[JsonSerializable(typeof(TrafficSpec))]
[JsonSerializable(typeof(ConstraintSpec))]
[JsonSerializable(typeof(NodeName))]
[JsonSerializable(typeof(ZoneName))]
[JsonSerializable(typeof(ReplicaName))]
[JsonSerializable(typeof(ServiceName))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
public sealed partial class Json : JsonSerializerContext
{
    public static string Write<T>(T document) => JsonSerializer.Serialize(document, typeof(T), Default);

    /// <summary>Throws <see cref="JsonException"/> when the text is not a <typeparamref name="T"/>.</summary>
    public static T Read<T>(string text) where T : class =>
        (T?)JsonSerializer.Deserialize(text, typeof(T), Default) ?? throw new JsonException("null is not a document");
}
