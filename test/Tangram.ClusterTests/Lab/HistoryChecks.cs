using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.ClusterTests.Lab;

/// <summary>What the history of the store has to bear out.</summary>
internal static class HistoryChecks
{
    /// <summary>From the revision at which it was won to the one at which it ended.</summary>
    private sealed record Reign(long Won, string Leader)
    {
        public long Ended { get; set; } = long.MaxValue;
    }

    /// <summary>Every acknowledged change was made once, after those that were acknowledged before it was asked for;
    /// whatever else was made is one whose outcome nobody could tell, and nothing that was refused. Returns the change
    /// in force.</summary>
    public static int EveryAcknowledgedChangeIsThere(
        this IReadOnlyList<KeyChange> history, IReadOnlyList<LabChange> made)
    {
        var open = made.Where(c => c.Ending is Ending.Acknowledged or Ending.Unknown).ToList();
        var inForce = 0;
        // The first is the deploy.
        foreach (var asked in history.Where(c => c.Pair.Key == Keys.Asked).Skip(1))
        {
            inForce = LabWriter.Of(Json.Read<Asked>(asked.Pair.Value));
            var which = open.Where(c => c.Number % LabWriter.Different == inForce).MinBy(c => c.Ending);
            Assert.True(which is not null, $"revision {asked.Pair.ModRevision} holds change {inForce} again, or one " +
                $"that was not asked for or was refused:\n{string.Join('\n', made.TakeLast(20))}");
            Assert.True(!open.Any(c => c.Ending == Ending.Acknowledged && c.Number < which.Number),
                $"{which} was made before one that was acknowledged before it:\n{string.Join('\n', open)}");
            open.Remove(which);
        }
        Assert.DoesNotContain(open, c => c.Ending == Ending.Acknowledged);
        return inForce;
    }

    /// <summary>What only a leader writes was written while somebody led, and every replica was started in the term
    /// in which the server that says to have started it says to have led. Returns the number of terms, of writes, and
    /// of starts whose server is known.</summary>
    public static (int Terms, int Writes, int Starts) NoOldTermWroteAfterANewerOne(
        this IReadOnlyList<KeyChange> history, IReadOnlyDictionary<string, (long Term, string Server)> claims)
    {
        var reigns = new List<Reign>();
        var (writes, starts) = (0, 0);
        var started = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in history)
        {
            var (key, revision) = (change.Pair.Key, change.Pair.ModRevision);
            if (key == Keys.Term)
            {
                Reigns(reigns, change);
                continue;
            }
            if (!IsTheLeaders(key)) continue;
            writes++;
            var now = reigns.LastOrDefault() ?? new Reign(0, "nobody") { Ended = 0 };
            Assert.True(now.Won < revision && revision < now.Ended,
                $"{key} was written at revision {revision}, when nobody led: {string.Join(", ", reigns)}");
            if (change.Deleted || !key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal)) continue;
            foreach (var replica in Json.Read<Assigned>(change.Pair.Value).Replicas.Select(a => a.Replica.Value))
                if (started.Add(replica) && claims.TryGetValue(replica, out var claim))
                {
                    starts++;
                    Assert.True(claim == (now.Won, now.Leader), $"{claim} says to have started {replica}, which was " +
                        $"written at revision {revision} in {now}");
                }
        }
        return (reigns.Count, writes, starts);
    }

    private static bool IsTheLeaders(string key) => key == Keys.Rollout
        || key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal)
        || key.StartsWith(Keys.DeadPrefix, StringComparison.Ordinal);

    /// <summary>A term is created and deleted, never handed over.</summary>
    private static void Reigns(List<Reign> reigns, KeyChange change)
    {
        var (pair, led) = (change.Pair, reigns is [.., { Ended: long.MaxValue }]);
        Assert.True(led == change.Deleted, $"a term within a term: {change}");
        if (change.Deleted)
        {
            reigns[^1].Ended = pair.ModRevision;
            return;
        }
        Assert.Equal(pair.CreateRevision, pair.ModRevision);
        reigns.Add(new Reign(pair.ModRevision, Json.Read<Term>(pair.Value).Leader));
    }
}
