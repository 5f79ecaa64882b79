namespace Tangram.Model;

/// <summary>A place in a file. Lines and columns count from 1; line 0 means the file as a whole.</summary>
public readonly record struct Place(string File, int Line, int Column)
{
    public override string ToString() => Line == 0 ? File : $"{File}:{Line}:{Column}";
}

public enum Severity { Warning, Error }

/// <summary>Something about the input that its author should change: where, what, why it matters, what to do.</summary>
public sealed record Problem(Severity Severity, Place Place, string What, string Remedy)
{
    public override string ToString() => $"{Place}: {What}. {Remedy}.";
}
