using System.Globalization;
using System.Text.Json;
using Tangram.Proving;

namespace Tangram.ClusterTests.Lab;

/// <summary>Callers on a machine of their own: <c>tangram load</c> at a constant rate, whose requests try the next
/// address when a connection fails.</summary>
internal sealed class LabLoad : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30), Patience = TimeSpan.FromSeconds(60);
    private readonly LabProcess _program;

    private LabLoad(LabProcess program) => _program = program;

    /// <param name="addresses">The first, and those to try then.</param>
    /// <param name="options">More of <c>tangram load</c>'s, such as --mix.</param>
    /// <param name="lasts">Null: until it is stopped.</param>
    public static LabLoad Start(LabMachine client, double rate, TimeSpan? lasts, IReadOnlyList<Uri> addresses,
        params IEnumerable<string> options) =>
        new(client.StartTangram("load",
        [
            addresses[0].OriginalString,
            .. addresses.Skip(1).SelectMany(url => (string[])["--also", url.OriginalString]),
            "--rate", rate.ToString(CultureInfo.InvariantCulture), "--duration",
            $"{(lasts ?? Longest).TotalSeconds:0}s", "--json", .. options,
        ]));

    public bool Runs => !_program.HasEnded;

    /// <summary>Ends it and reads what it found. What was in flight counts as abandoned, not as failed.</summary>
    public async Task<LoadResult> StopAsync()
    {
        _program.Interrupt();
        return await EndAsync();
    }

    /// <summary>Waits for its end by itself.</summary>
    public async Task<LoadResult> EndAsync()
    {
        await _program.EndAsync(Patience);
        try
        {
            return LoadJson.Read(_program.Printed);
        }
        catch (JsonException)
        {
            Assert.Fail($"the load said nothing of use. {_program.Tail()}");
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _program.Kill();
        return ValueTask.CompletedTask;
    }
}

internal static class LabLoadResults
{
    /// <summary>How long after a fault requests were still failing or slow, to the second in which they were
    /// due.</summary>
    public static TimeSpan TroubledFor(this LoadResult result, DateTimeOffset fault, TimeSpan slow)
    {
        var at = fault - result.StartedAt;
        var last = result.Seconds.LastOrDefault(second =>
            second.Second + 1 > at.TotalSeconds && (second.Bad > 0 || second.Slowest > slow));
        return last is null ? TimeSpan.Zero : TimeSpan.FromSeconds(last.Second + 1) - at;
    }

    /// <summary>What was wrong, and the seconds in which it was, for the message of a test that fails.</summary>
    public static string Troubles(this LoadResult result) => string.Join('\n', result.Seconds
        .Where(second => second.Bad > 0 || second.Elsewhere > 0 || second.Slowest > TimeSpan.FromMilliseconds(500))
        .Select(second => FormattableString.Invariant($"{result.StartedAt.AddSeconds(second.Second):HH:mm:ss} ") +
            FormattableString.Invariant($"{second.Sent} sent, {second.Bad} bad ({second.BadSafe} safe), ") +
            FormattableString.Invariant($"{second.Elsewhere} elsewhere, ") +
            FormattableString.Invariant($"slowest {second.Slowest.TotalMilliseconds:0} ms"))
        .Prepend(string.Join(", ", result.Classes.SelectMany(one => one.Troubles.Select(t => $"{one.Name}: {t}")))));
}
