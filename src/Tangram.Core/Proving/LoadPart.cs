namespace Tangram.Proving;

/// <summary>Which of several machines makes this part of a load. Each walks the schedule of the whole and takes what is
/// its turn, so that all of them together make request by request what one machine would: the same times, random ones
/// too, the same kinds, the same ids.</summary>
/// <param name="Number">From 0.</param>
public sealed record LoadPart(int Number, int Of)
{
    /// <summary>Each costs whoever adds them up half a megabyte of histograms for each kind of request.</summary>
    public const int MostMachines = 100;

    public static readonly LoadPart Whole = new(0, 1);

    public bool Has(long index) => index % Of == Number;

    /// <summary>Its own n-th request, of all.</summary>
    public long Index(long own) => own * Of + Number;

    /// <summary>What it gets of a whole.</summary>
    public long Share(long whole) => whole / Of + (Number < whole % Of ? 1 : 0);

    /// <summary>What this machine does of a load. A rate stays that of the whole, as its schedule does.</summary>
    public LoadOptions OfWhole(LoadOptions whole) =>
        whole with { Part = this, Users = whole.Users is { } users ? (int)Share(users) : null };

    public static IEnumerable<LoadPart> Split(int machines) =>
        Enumerable.Range(0, machines).Select(number => new LoadPart(number, machines));

    /// <summary>Why these machines cannot make this load, as sentences; empty when they can.</summary>
    public static IEnumerable<string> Problems(LoadOptions whole, int machines)
    {
        if (machines is < 1 or > MostMachines)
        {
            yield return $"a load is made by 1 to {MostMachines} machines";
            yield break;
        }
        if (LoadSockets.Is(whole.Url)) yield return "messages are said by one machine: leave --injector out";
        if (whole.Users is { } users && users < machines)
            yield return $"{Words(users, "user")} cannot be spread over {machines} machines";
        var problems = Split(machines).SelectMany(part => part.OfWhole(whole).Problems()).Distinct().ToList();
        foreach (var problem in problems) yield return problem;
        if (problems.Count == 0 && whole.Users is null && new LoadSchedule(whole).Count is var count
            && count < machines)
            yield return $"{Words(count, "request")} cannot be spread over {machines} machines";
    }

    private static string Words(long count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
