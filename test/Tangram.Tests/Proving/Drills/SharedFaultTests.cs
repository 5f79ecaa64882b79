using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Drills;

public sealed class SharedFaultTests
{
    private readonly SharedFault _fault = new(3, ["a", "b"], lasts: true);
    private readonly List<string> _revert = [];

    [Fact]
    public void Is_injected_when_all_have_and_reverted_when_all_have()
    {
        Assert.Empty(Say("b", ShareWord.Injected, "two"));
        Assert.Equal([new DrillEvent.Injected(3, "a: one; b: two")], Say("a", ShareWord.Injected, "one"));
        Assert.Empty(Say("a", ShareWord.Reverted, "well"));
        Assert.False(_fault.Over);
        Assert.Equal([new DrillEvent.Reverted(3, "a: well; b: again")], Say("b", ShareWord.Reverted, "again"));
        Assert.True(_fault.Over);
        Assert.Empty(_revert);
    }

    [Fact]
    public void Ends_the_others_when_one_cannot()
    {
        Say("a", ShareWord.Injected, "one");
        Assert.Equal([new DrillEvent.Missed(3, "b: no such thing")], Say("b", ShareWord.Missed, "no such thing"));
        Assert.Equal(["a"], _revert);
        Assert.Empty(Say("a", ShareWord.Reverted, "well"));
    }

    [Fact]
    public void Ends_one_that_injects_after_another_could_not()
    {
        Say("b", ShareWord.Missed, "no");
        Assert.Empty(_revert);
        Assert.Empty(Say("a", ShareWord.Injected, "one"));
        Assert.Equal(["a"], _revert);
    }

    [Fact]
    public void Is_missed_when_a_holder_goes_while_it_is_in_force_and_not_afterwards()
    {
        Say("a", ShareWord.Injected, "one");
        Say("b", ShareWord.Injected, "two");
        Assert.Single(Say("a", ShareWord.Missed, "gone"));
        Assert.Equal(["b"], _revert);

        var ended = new SharedFault(1, ["a"], lasts: false);
        Assert.Single(ended.On("a", ShareWord.Injected, "dead", _revert));
        Assert.Empty(ended.On("a", ShareWord.Missed, "gone", _revert));
    }

    private IReadOnlyList<DrillEvent> Say(string machine, ShareWord word, string what) =>
        _fault.On(machine, word, what, _revert);
}
