namespace Tangram.Cli;

/// <summary>Patience of those who follow something: a daemon that is replaced or restarted is back within
/// seconds.</summary>
internal sealed class DaemonAway(Surroundings around)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    /// <summary>A replaced one is away for less, and not worth a word.</summary>
    private static readonly TimeSpan SayAfter = TimeSpan.FromSeconds(1);

    private long? _since;
    private bool _said;

    /// <summary>It has answered.</summary>
    public void Back()
    {
        if (_said) around.PrintError("the daemon answers again");
        (_since, _said) = (null, false);
    }

    /// <summary>Pauses before the next try, or gives up with the failure.</summary>
    public async Task BearAsync(CommandFailure failure, CancellationToken cancellation)
    {
        _since ??= around.Clock.GetTimestamp();
        var away = around.Clock.GetElapsedTime(_since.Value);
        if (away > RolloutFollower.DaemonAway) throw failure;
        if (away > SayAfter && !_said)
        {
            around.PrintError("the daemon is away; waiting for it");
            _said = true;
        }
        await around.PauseAsync(Every, cancellation);
    }
}
