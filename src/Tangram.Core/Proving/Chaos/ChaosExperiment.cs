using Tangram.Model;

namespace Tangram.Proving.Chaos;

/// <summary>An experiment in the format of Chaos Toolkit (its Open API, version 1.0.0), as far as it is
/// honoured.</summary>
/// <param name="Hypothesis">Probes with a tolerance: before the method and after it.</param>
/// <param name="Method">In order.</param>
/// <param name="Rollbacks">Played once the method has begun, however it ended.</param>
public sealed record ChaosExperiment(
    string Title, EquatableArray<ChaosActivity> Hypothesis, EquatableArray<ChaosActivity> Method,
    EquatableArray<ChaosActivity> Rollbacks);

/// <param name="IsAction">It has to go well; a probe in the method is only looked at.</param>
/// <param name="Background">The next one does not wait for it.</param>
/// <param name="Tolerance">Null: its answer is not judged.</param>
public sealed record ChaosActivity(
    string Name, bool IsAction, ChaosProvider Provider, ChaosTolerance? Tolerance, TimeSpan PauseBefore,
    TimeSpan PauseAfter, bool Background);

/// <summary>How an activity is carried out.</summary>
public abstract record ChaosProvider
{
    private ChaosProvider(TimeSpan timeout) => Timeout = timeout;

    public TimeSpan Timeout { get; }

    /// <param name="Status">Another one is a failure; null: any will do.</param>
    public sealed record Http(
        string Url, string Method, EquatableArray<LoadHeader> Headers, string? Body, int? Status, TimeSpan Timeout)
        : ChaosProvider(Timeout)
    {
        public override string ToString() => $"{Method} {Url}";
    }

    public sealed record Process(string Path, EquatableArray<string> Arguments, TimeSpan Timeout)
        : ChaosProvider(Timeout)
    {
        public override string ToString() => $"{Path} {string.Join(' ', Arguments)}".TrimEnd();
    }
}

/// <summary>What an activity came to.</summary>
/// <param name="Status">Of HTTP, or the exit code; null: there was none.</param>
/// <param name="Text">The body, or what the program printed; or why there was no answer.</param>
public sealed record ChaosAnswer(int? Status, string Text);
