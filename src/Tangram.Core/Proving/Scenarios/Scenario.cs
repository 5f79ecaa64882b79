using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>What users do, how many of them, and what must come of it: made from our own file, a JMeter test plan or a
/// browser's recording.</summary>
public sealed record Scenario
{
    /// <summary>Each has histograms of its own, 0.4 MB.</summary>
    public const int MostNames = 500;

    public required string Name { get; init; }
    public required EquatableArray<UserGroup> Groups { get; init; }

    /// <summary>Known to every user, expanded once, in this order.</summary>
    public EquatableArray<Fixed> Variables { get; init; }
    public EquatableArray<DataSpec> Files { get; init; }
    public EquatableArray<Threshold> Thresholds { get; init; }

    /// <summary>Of a request whose own is not given.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Texts with variables that must be known by then, with the number of their step from 1.</summary>
    public EquatableArray<(int Step, Template Text, Place Place)> Texts { get; init; }

    public IEnumerable<RequestSpec> Requests => Groups.SelectMany(group => Below(group.Items)
        .OfType<ScenarioItem.Send>().Select(send => send.Request));

    public static IEnumerable<ScenarioItem> Below(IEnumerable<ScenarioItem> items) => items.SelectMany(item =>
        item switch
        {
            ScenarioItem.Repeat repeat => Below(repeat.Items).Prepend(item),
            ScenarioItem.Part part => Below(part.Items).Prepend(item),
            ScenarioItem.Once once => Below(once.Items).Prepend(item),
            _ => [item],
        });
}

public sealed record Fixed(string Name, Template Value);

/// <summary>Users who do the same.</summary>
public sealed record UserGroup(string Name, LoadProfile Profile, EquatableArray<ScenarioItem> Items)
{
    /// <summary>What a server sets comes back to it, for each user, as browsers do.</summary>
    public bool Cookies { get; init; } = true;

    /// <summary>Every iteration is somebody who was never there.</summary>
    public bool ForgetsCookies { get; init; }
}

/// <summary>One thing that a user does.</summary>
public abstract record ScenarioItem
{
    private ScenarioItem() { }

    public sealed record Send(RequestSpec Request) : ScenarioItem;
    public sealed record Rest(ThinkSpec Think) : ScenarioItem;

    /// <summary>Waits until whoever shares the row may go on, so that so many pass in a minute.</summary>
    /// <param name="Timer">Which one of the scenario's: two that say the same are two all the same.</param>
    public sealed record Pace(double PerMinute, PaceRow Row, int Timer) : ScenarioItem
    {
        /// <summary>The row in which this user takes the next place.</summary>
        public (int Timer, int Group, int User) Of(int group, int user) => Row switch
        {
            PaceRow.User => (Timer, group, user),
            PaceRow.Group => (Timer, group, Everybody),
            PaceRow.All => (Timer, Everybody, Everybody),
            PaceRow.GroupShared => (Everybody, group, Everybody),
            _ => (Everybody, Everybody, Everybody),
        };

        private const int Everybody = -1;
    }

    /// <param name="Times">Null: for ever.</param>
    public sealed record Repeat(Template? Times, EquatableArray<ScenarioItem> Items) : ScenarioItem;

    /// <summary>Only in a user's first iteration, such as logging in.</summary>
    public sealed record Once(EquatableArray<ScenarioItem> Items) : ScenarioItem;

    /// <summary>Several steps that are measured together too.</summary>
    public sealed record Part(string Name, EquatableArray<ScenarioItem> Items) : ScenarioItem
    {
        /// <summary>Looking at what came counts too.</summary>
        public bool WithRests { get; init; }
    }
}

/// <summary>Who shares the places of a pace: the modes of JMeter's constant throughput timer, in its order.</summary>
public enum PaceRow
{
    /// <summary>Nobody: each user has a row.</summary>
    User,
    All,
    Group,
    /// <summary>All users, at all timers of this mode.</summary>
    AllShared,
    /// <summary>The users of a group, at all timers of this mode.</summary>
    GroupShared,
}

/// <summary>How long a user looks at what came: from least to most evenly, or around a mean (Gauss).</summary>
public sealed record ThinkSpec(TimeSpan Least, TimeSpan Most, TimeSpan Deviation = default)
{
    /// <summary>Longer than any run.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static ThinkSpec Of(TimeSpan span) => new(span, span);

    public TimeSpan Draw(Rng rng)
    {
        var span = Most > Least ? rng.Between(Least, Most) : Least;
        if (Deviation > TimeSpan.Zero) span += Deviation * Normal(rng);
        return span < TimeSpan.Zero ? TimeSpan.Zero : span < Longest ? span : Longest;
    }

    /// <summary>Box and Muller, 1958.</summary>
    private static double Normal(Rng rng) =>
        Math.Sqrt(-2 * Math.Log(1 - rng.NextDouble())) * Math.Cos(2 * Math.PI * rng.NextDouble());
}

/// <summary>One request of a scenario. Texts are expanded for each user and each time.</summary>
public sealed record RequestSpec
{
    /// <summary>A line of the report; requests of one name are counted together.</summary>
    public required string Name { get; init; }
    public required string Method { get; init; }

    /// <summary>Absolute once it is expanded.</summary>
    public required Template Url { get; init; }
    public EquatableArray<Pair> Headers { get; init; }
    public EquatableArray<Pair> Query { get; init; }

    /// <summary>Sent as application/x-www-form-urlencoded; not beside <see cref="Body"/>.</summary>
    public EquatableArray<Pair> Form { get; init; }
    public Template? Body { get; init; }
    public EquatableArray<Check> Checks { get; init; }
    public EquatableArray<Extract> Extracts { get; init; }

    /// <summary>An answer that sends elsewhere is followed, at most <see cref="MostRedirects"/> times.</summary>
    public bool Follows { get; init; }
    public TimeSpan? Timeout { get; init; }

    /// <summary>As JMeter.</summary>
    public const int MostRedirects = 20;

    public bool NeedsBody => Checks.Any(c => c.Source.NeedsBody) || Extracts.Any(e => e.Source.NeedsBody);

    /// <summary>To send twice, by its method (RFC 9110, 9.2.1).</summary>
    public bool IsSafe => Method is "GET" or "HEAD" or "OPTIONS";
}

/// <param name="Encoded">The value is escaped for the place where it goes.</param>
public sealed record Pair(Template Name, Template Value, bool Encoded = true);

/// <summary>A file of rows that users take values from.</summary>
public sealed record DataSpec
{
    /// <summary>As it was written, relative to the scenario's folder.</summary>
    public required string File { get; init; }
    public Place Place { get; init; }

    /// <summary>Null: the file's first line names them.</summary>
    public EquatableArray<string>? Columns { get; init; }
    public char Separator { get; init; } = ',';
    public bool SkipsFirst { get; init; }

    /// <summary>Every user takes one row and keeps it; otherwise one for each iteration.</summary>
    public bool OncePerUser { get; init; }

    /// <summary>Null: one after the other.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Quotes hold a field together; otherwise they are characters as any.</summary>
    public bool Quoted { get; init; } = true;

    /// <summary>Only users of this group, from 0, take rows; null: all do.</summary>
    public int? Group { get; init; }

    /// <summary>After the last row a user leaves; otherwise it begins again.</summary>
    public bool EndsUsers { get; init; }
}
