namespace Tangram.Planning;

/// <summary>Finds the word that a misspelt one was meant to be.</summary>
internal static class NearMiss
{
    /// <summary>The nearest candidate within one slip for words of up to four letters, two for longer ones; null when
    /// none is that near. A slip is a letter added, left out, changed, or swapped with its neighbour (Damerau, 1964,
    /// restricted to one edit per place).</summary>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        var most = word.Length <= 4 ? 1 : 2;
        if (word.Length is < 2 or > 40) return null;
        word = word.ToLowerInvariant();
        string? best = null;
        foreach (var candidate in candidates)
        {
            if (Math.Abs(candidate.Length - word.Length) > most) continue;
            var distance = Distance(word, candidate);
            if (distance > most) continue;
            (best, most) = (candidate, distance - 1);
        }
        return best;
    }

    /// <summary>Among names that the author chose, of which there may be many: the first thousand, and for the first
    /// problems only, since each costs a look at all of them.</summary>
    public static string? Of(string word, IEnumerable<string> candidates, ProblemList problems) =>
        problems.Errors < MostLookedUp ? Of(word, candidates.Take(1000)) : null;

    private const int MostLookedUp = 500;

    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                var change = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                var best = Math.Min(change, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    best = Math.Min(best, rows[i - 2, j - 2] + 1);
                rows[i, j] = best;
            }
        return rows[a.Length, b.Length];
    }
}
