using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class AdmissionTests
{
    private readonly List<string> _settled = [];

    [Fact]
    public void As_many_as_the_limit_says_are_let_in_and_the_next_when_one_leaves()
    {
        var admission = new Admission(new AdmissionSpec { Limit = 2, Queue = 1 }, 1);
        Assert.True(admission.TryEnter());
        Assert.True(admission.TryEnter());
        Assert.False(admission.TryEnter());
        Assert.True(admission.TryWait(Caller("a")));
        Assert.Equal((2, 1), (admission.InFlight, admission.Waiting));
        admission.Leave();
        Assert.Equal(["a in"], _settled);
        Assert.Equal((2, 0, 0), (admission.InFlight, admission.Waiting, (int)admission.Refused));
    }

    [Fact]
    public void Nobody_overtakes_those_who_wait()
    {
        var admission = Full(queue: 2);
        admission.TryWait(Caller("a"));
        admission.Use(admission.Spec with { Queue = 3 }, 1);
        Assert.False(admission.TryEnter());
    }

    [Fact]
    public void The_highest_class_is_served_first_and_of_one_class_the_newest()
    {
        var admission = Full(queue: 10);
        foreach (var (name, @class) in new[]
        {
            ("low", PriorityClass.Low), ("old", PriorityClass.Normal), ("high", PriorityClass.High),
            ("new", PriorityClass.Normal),
        }) Assert.True(admission.TryWait(Caller(name, @class)));
        for (var i = 0; i < 4; i++) admission.Leave();
        Assert.Equal(["high in", "new in", "old in", "low in"], _settled);
    }

    [Fact]
    public void In_a_full_line_the_oldest_of_the_lowest_class_gives_way()
    {
        var admission = Full(queue: 2);
        admission.TryWait(Caller("normal", PriorityClass.Normal));
        admission.TryWait(Caller("low", PriorityClass.Low));
        Assert.True(admission.TryWait(Caller("next low", PriorityClass.Low)));
        Assert.True(admission.TryWait(Caller("high", PriorityClass.High)));
        Assert.False(admission.TryWait(Caller("another low", PriorityClass.Low)));
        Assert.True(admission.TryWait(Caller("next normal", PriorityClass.Normal)));
        Assert.Equal(["low out", "next low out", "normal out"], _settled);
        Assert.Equal((2, 4L), (admission.Waiting, admission.Refused));
    }

    [Fact]
    public void Who_gives_up_is_not_let_in_later_and_who_was_let_in_cannot_give_up()
    {
        var admission = Full(queue: 2);
        var (a, b) = (Caller("a"), Caller("b"));
        admission.TryWait(a);
        admission.TryWait(b);
        Assert.True(admission.GiveUp(b));
        admission.Leave();
        Assert.Equal(["a in"], _settled);
        Assert.False(admission.GiveUp(a));
        Assert.False(admission.GiveUp(b));
    }

    [Fact]
    public void Without_a_line_who_finds_no_room_is_refused()
    {
        var admission = Full(queue: 0);
        Assert.False(admission.TryWait(Caller("a")));
        Assert.Equal((0, 1L), (admission.Waiting, admission.Refused));
    }

    [Fact]
    public async Task However_threads_meet_nobody_is_forgotten_and_the_limit_holds()
    {
        var admission = new Admission(new AdmissionSpec { Limit = 3, Queue = 1000 }, 1);
        var (inside, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 2000; i++)
            {
                if (!admission.TryEnter())
                {
                    var waiting = new Sleeper();
                    Assert.True(admission.TryWait(waiting));
                    Assert.True(await waiting.Settled.Task);
                }
                var now = Interlocked.Increment(ref inside);
                if (now > Volatile.Read(ref most)) Volatile.Write(ref most, now);
                Interlocked.Decrement(ref inside);
                admission.Leave();
            }
        }, TestContext.Current.CancellationToken))).WaitAsync(
            TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.InRange(most, 1, 3);
        Assert.Equal((0, 0), (admission.InFlight, admission.Waiting));
    }

    [Fact]
    public void A_new_version_of_the_file_keeps_a_limit_that_was_found()
    {
        var admission = new Admission(new AdmissionSpec(), 2);
        Assert.Equal(40, admission.Limit);
        for (var i = 0; i < 40; i++) admission.TryEnter();
        for (var i = 0; i < 100; i++) admission.Learn(new Attempt(AttemptOutcome.Answered, 200, Seconds(0.1)));
        admission.Look(2, Routed.Start);
        Assert.Equal(50, admission.Limit);
        admission.Use(admission.Spec with { Queue = 7 }, 2);
        Assert.Equal((50, 7), (admission.Limit, admission.Spec.Queue));
        admission.Use(admission.Spec with { Limit = 5 }, 2);
        Assert.Equal(5, admission.Limit);
    }

    private Admission Full(int queue)
    {
        var admission = new Admission(new AdmissionSpec { Limit = 1, Queue = queue }, 1);
        Assert.True(admission.TryEnter());
        return admission;
    }

    private Named Caller(string name, PriorityClass @class = PriorityClass.Normal) => new(name, @class, _settled);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private sealed class Named(string name, PriorityClass @class, List<string> settled) : Waiting(@class)
    {
        protected internal override void Settle(bool admitted) => settled.Add($"{name} {(admitted ? "in" : "out")}");
    }

    private sealed class Sleeper() : Waiting(PriorityClass.Normal)
    {
        public TaskCompletionSource<bool> Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        protected internal override void Settle(bool admitted) => Settled.SetResult(admitted);
    }
}
