using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tangram.Model;

/// <summary>Bytes that may be a secret: whoever prints it prints their number.</summary>
[JsonConverter(typeof(ContentConverter))]
public sealed class Content(ReadOnlyMemory<byte> bytes) : IEquatable<Content>
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public bool Equals(Content? other) => other is not null && Bytes.Span.SequenceEqual(other.Bytes.Span);
    public override bool Equals(object? obj) => Equals(obj as Content);
    public override int GetHashCode() => Bytes.Length;
    public override string ToString() => $"({Bytes.Length} bytes)";
}

internal sealed class ContentConverter : JsonConverter<Content>
{
    public override Content Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var bytes)
            ? new Content(bytes)
            // What stands there may be a secret that somebody forgot to encode.
            : throw new JsonException("a content is a text in base64");

    public override void Write(Utf8JsonWriter writer, Content value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(value.Bytes.Span);
}
