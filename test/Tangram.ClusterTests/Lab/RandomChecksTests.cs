using Tangram.Coordinating;
using Tangram.Model;
using Xunit.Sdk;

namespace Tangram.ClusterTests.Lab;

/// <summary>A drill that finds nothing proves something only when its checks would find it.</summary>
public sealed class RandomChecksTests
{
    private static readonly Dictionary<string, (long, string)> NoClaims = [];

    [Fact]
    public void Acknowledged_changes_may_stand_between_unknown_ones_that_came_late() => Assert.Equal(2,
        History(Asked(5, 0), Asked(6, 1), Asked(7, 3), Asked(8, 2)).EveryAcknowledgedChangeIsThere(
            [Made(1, Ending.Acknowledged), Made(2, Ending.Unknown), Made(3, Ending.Acknowledged),
                Made(4, Ending.Unknown), Made(5, Ending.Refused)]));

    [Theory]
    [InlineData(new[] { 1 }, "the second, acknowledged, is lost")]
    [InlineData(new[] { 2, 1 }, "the first came after the second")]
    [InlineData(new[] { 1, 2, 1 }, "the first was made twice")]
    [InlineData(new[] { 1, 2, 3 }, "the third was refused")]
    [InlineData(new[] { 1, 2, 4 }, "the fourth was not asked for")]
    public void Changes_that_do_not_fit_are_found(int[] inForce, string why)
    {
        Assert.NotEmpty(why);
        var history = History([Asked(5, 0), .. inForce.Select((n, i) => Asked(6 + i, n))]);
        Assert.ThrowsAny<XunitException>(() => history.EveryAcknowledgedChangeIsThere(
            [Made(1, Ending.Acknowledged), Made(2, Ending.Acknowledged), Made(3, Ending.Refused)]));
    }

    [Fact]
    public void Writes_within_terms_are_fine() => Assert.Equal((2, 2, 2),
        History(Led(3, "s-a"), Assigned(4, "web-1"), Ended(5, 3), Led(6, "s-b"), Assigned(7, "web-2"))
            .NoOldTermWroteAfterANewerOne(new Dictionary<string, (long, string)>
            {
                ["web-1"] = (3, "s-a"), ["web-2"] = (6, "s-b"), ["web-3"] = (6, "s-b"),
            }));

    [Fact]
    public void A_write_while_nobody_leads_is_found()
    {
        Assert.ThrowsAny<XunitException>(() => History(Assigned(2, "web-1")).NoOldTermWroteAfterANewerOne(NoClaims));
        Assert.ThrowsAny<XunitException>(() => History(Led(3, "s-a"), Ended(4, 3), Assigned(5, "web-1"))
            .NoOldTermWroteAfterANewerOne(NoClaims));
    }

    [Fact]
    public void A_write_of_an_older_term_is_found() => Assert.ThrowsAny<XunitException>(() =>
        History(Led(3, "s-a"), Ended(5, 3), Led(6, "s-b"), Assigned(7, "web-2"))
            .NoOldTermWroteAfterANewerOne(new Dictionary<string, (long, string)> { ["web-2"] = (3, "s-a") }));

    [Fact]
    public void A_singleton_may_follow_another_and_the_one_before_may_wake_for_an_instant() => Assert.Equal((2, 5.0, 1),
        LabSingleton.Judge([Beat(1, 10), Beat(1, 11), Beat(2, 16), Beat(1, 17.2), Beat(2, 17.3)], [("n-a1", 11, 17)]));

    [Theory]
    [InlineData(10.5)]
    [InlineData(18)]
    public void Two_singletons_are_found(double woken) => Assert.ThrowsAny<XunitException>(() =>
        LabSingleton.Judge([Beat(1, 10), Beat(2, 10.3), Beat(1, woken)], [("n-a1", 11.2, 17)]));

    private static KeyChange[] History(params KeyChange[] changes) => changes;

    private static LabChange Made(int number, Ending ending) => new(number, ending, "s-a", "");

    private static KeyChange Asked(long revision, int change) => Put(Keys.Asked, revision, Json.Write(
        new Asked { Revision = 1, Scale = [.. LabWriter.Counts(change)] }));

    private static KeyChange Led(long revision, string server) =>
        Put(Keys.Term, revision, Json.Write(new Term(server, "id")));

    private static KeyChange Ended(long revision, long won) =>
        new(new KeyValue(Keys.Term, "", won, revision, 0, 0), Deleted: true);

    private static KeyChange Assigned(long revision, string replica) => Put("assigned/n-a1", revision, Json.Write(
        new Assigned
        {
            Replicas =
            [
                new Assignment
                {
                    Replica = ReplicaName.Of(replica), Service = ServiceName.Of("web"), Revision = 1,
                },
            ],
        }));

    private static KeyChange Put(string key, long revision, string value) =>
        new(new KeyValue(key, value, revision, revision, 1, 0), Deleted: false);

    private static LabSingleton.Beat Beat(int pid, double uptime) => new($"alone-{pid}", $"n-a{pid}", pid, uptime);
}
