using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public sealed class ClockSkewsTests
{
    private readonly ClockSkews _skews = new();

    private List<string> Hear(string who, double seconds, int times) => [.. Enumerable.Range(0, times)
        .Select(_ => _skews.Hear(who, TimeSpan.FromSeconds(seconds))).OfType<string>()];

    [Fact]
    public void A_clock_that_stays_wrong_is_told_once_and_once_more_when_it_agrees_again()
    {
        Assert.StartsWith("the clock of agent n1 is 3,600 s ahead of this server's",
            Assert.Single(Hear("agent n1", 3600, 100)));
        Assert.StartsWith("the clock of agent n2 is 60 s behind", Assert.Single(Hear("agent n2", -60, 100)));
        Assert.Equal("the clock of agent n1 agrees with this server's again",
            Assert.Single(Hear("agent n1", 0.2, 100)));
        Assert.Empty(Hear("agent n1", 0.2, 100));
    }

    [Fact]
    public void A_few_late_greetings_are_no_wrong_clock()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.Empty(Hear("agent n1", -30, ClockSkews.Needed - 1));
            Assert.Empty(Hear("agent n1", -0.4, 1));
        }
    }
}
