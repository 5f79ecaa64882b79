using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What it means that a replica is asked for one thing and seen in one phase, and what happens next.</summary>
internal static class WhyPhase
{
    /// <param name="phase">Null: its node has not yet said anything of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A phase or an intent that has no sentence.</exception>
    public static string Sentence(Intent intent, Phase? phase) => (intent, phase) switch
    {
        (Intent.Run, null) => "Its node has not taken it up yet.",
        (Intent.Run, Phase.Pending) => "Its node has taken it up and has not started its process yet.",
        (Intent.Run, Phase.Starting) => "Its process runs and has not been ready yet; it gets requests when it is.",
        (Intent.Run, Phase.Ready) => "It runs as asked.",
        (Intent.Run, Phase.Unready) =>
            "It was ready and its check fails now: it gets no requests until the check succeeds again.",
        (Intent.Run, Phase.Waiting) => "Its process ended, and its node starts it again after a delay.",
        (Intent.Run, Phase.Stopping) => "Its process is being stopped, though it shall run.",
        (Intent.Run, Phase.Stopped) => "Its process was stopped, though it shall run.",
        (Intent.Run, Phase.Completed) => "It ended with exit code 0, and its restart policy lets it rest.",
        (Intent.Run, Phase.Failed) => "It ended, and its restart policy does not start it again.",
        (Intent.Drain, null or Phase.Pending) => "It shall leave before it was started.",
        (Intent.Drain, Phase.Starting or Phase.Waiting) => "It shall leave, and gets no requests meanwhile.",
        (Intent.Drain, Phase.Ready or Phase.Unready) =>
            "It shall leave: it ends what is in flight, and is stopped then or when its grace period is over.",
        (Intent.Stop, null or Phase.Pending) => "It shall end, and its node has not said yet that it has.",
        (Intent.Stop, Phase.Starting or Phase.Ready or Phase.Unready or Phase.Waiting) =>
            "It shall end, and its node has not begun to stop it yet.",
        (Intent.Drain or Intent.Stop, Phase.Stopping) =>
            "Its process was asked to end, and is killed when its stop grace period is over.",
        (Intent.Drain or Intent.Stop, Phase.Stopped or Phase.Completed or Phase.Failed) =>
            "It has ended, and is about to be forgotten.",
        _ => throw new ArgumentOutOfRangeException(nameof(phase), $"nothing is said of {intent} and {phase}"),
    };
}
