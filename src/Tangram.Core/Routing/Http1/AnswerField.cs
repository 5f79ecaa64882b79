namespace Tangram.Routing.Http1;

/// <summary>One header field of an answer. Its bytes are characters of Latin-1, whatever they mean.</summary>
public readonly record struct AnswerField(string Name, string Value);
