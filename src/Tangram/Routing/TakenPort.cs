namespace Tangram.Routing;

/// <summary>A port that could not be listened on, and by whom it is held as far as this user may see.</summary>
internal sealed record TakenPort(Listener Listener, int? Pid, string? Program, string Because)
{
    public override string ToString() => Pid is null
        ? $"{Listener}: {Because}"
        : $"{Listener}: {Because}: process {Pid} ({Program}) listens there";
}
