using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>How a load goes over time.</summary>
public abstract record LoadProfile
{
    /// <summary>Every arrival of a Poisson profile is drawn once before the run, to know how many there are.</summary>
    public const double MostArrivals = 10_000_000;
    public const int MostStages = 1000, MostUsers = 100_000;
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private LoadProfile() { }

    public EquatableArray<Stage> Stages { get; init; }

    public RateCurve Curve => new(Stages);
    public TimeSpan Lasts => TimeSpan.FromTicks(Stages.Sum(s => s.Lasts.Ticks));

    /// <summary>Arrivals per second, whether or not those before have ended (an open loop).</summary>
    /// <param name="Seed">Of Poisson arrivals: gaps are random, and only their mean follows the curve. Null: arrivals
    /// are evenly spaced.</param>
    public sealed record Open(ulong? Seed = null) : LoadProfile;

    /// <summary>Users who each wait for their answers (a closed loop).</summary>
    /// <param name="Iterations">After so many each user leaves; null: only the time ends it.</param>
    public sealed record Closed(long? Iterations = null) : LoadProfile;

    public static Open Constant(double rate, TimeSpan lasts) => new() { Stages = [new(rate, rate, lasts)] };

    /// <summary>Everything that is wrong with it, as sentences; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (Stages.Count is 0 or > MostStages) yield return $"a profile has between 1 and {MostStages} stages";
        if (Stages.Any(s => s.Lasts <= TimeSpan.Zero || s.Lasts > Longest) || Stages.Count > 0 && Lasts > Longest)
            yield return "a stage takes more than no time, and all of them together at most a day";
        var most = this is Open ? LoadOptions.HighestRate : MostUsers;
        if (Stages.Any(s => s.From is not (>= 0) || s.To is not (>= 0) || s.From > most || s.To > most))
            yield return this is Open
                ? $"a rate is between 0 and {most:0} a second" : $"there are between 0 and {most:0} users";
        else if (Stages.Count > 0 && Stages.All(s => s is { From: 0, To: 0 }))
            yield return "a profile that is 0 all the time loads nothing";
        else if (this is Open { Seed: not null } && Stages.Count <= MostStages && Curve.Area > MostArrivals)
            yield return $"Poisson arrivals are at most {MostArrivals:0} in a run";
        if (this is Closed { Iterations: <= 0 }) yield return "a user does at least one iteration";
    }
}
