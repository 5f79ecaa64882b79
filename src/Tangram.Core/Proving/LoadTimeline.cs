using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving;

/// <summary>What became of the requests that were due in one second of the run, whenever they ended.</summary>
/// <param name="Second">From 0. Seconds in which nothing was due are left out.</param>
/// <param name="Bad">Failed, or answered by something other than 2xx.</param>
/// <param name="BadSafe">Those of them that were safe to repeat.</param>
/// <param name="Slowest">The longest from when it was due to its end, time-outs included.</param>
public sealed record LoadSecond(
    int Second, long Sent, long Ok, long Bad, long BadSafe, long Elsewhere,
    [property: JsonPropertyName("slowestMs")] TimeSpan Slowest);

/// <summary>Adds requests up by the second in which they were due. Not safe for several threads at once.</summary>
public sealed class LoadTimeline
{
    private readonly SortedDictionary<int, LoadSecond> _seconds = [];

    public EquatableArray<LoadSecond> Seconds => _seconds.Values.ToEquatableArray();

    /// <param name="safe">The request is safe to repeat.</param>
    public void Add(LoadSample sample, bool safe)
    {
        var outcome = sample.Outcome;
        var (sent, bad) = (outcome.Failure is not LoadFailure.Unsent, outcome.IsBad);
        var second = (int)sample.Intended.TotalSeconds;
        var known = _seconds.GetValueOrDefault(second) ?? new LoadSecond(second, 0, 0, 0, 0, 0, TimeSpan.Zero);
        var took = outcome.HasLatency ? sample.Ended - sample.Intended : TimeSpan.Zero;
        _seconds[second] = known with
        {
            Sent = known.Sent + One(sent),
            Ok = known.Ok + One(outcome.Ok),
            Bad = known.Bad + One(bad),
            BadSafe = known.BadSafe + One(bad && safe),
            Elsewhere = known.Elsewhere + One(outcome.Elsewhere),
            Slowest = took > known.Slowest ? took : known.Slowest,
        };
    }

    private static int One(bool counts) => counts ? 1 : 0;
}
