using System.Globalization;
using System.Net;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>What all users of a run work with.</summary>
internal sealed record ScenarioDesk(
    Scenario Scenario, ScenarioClient Client, ScenarioRecord Record, ScenarioRows Rows, ScenarioPaces Paces,
    TimeProvider Time, long Start, CancellationToken Cancellation)
{
    public TimeSpan Now => Time.GetElapsedTime(Start);
}

/// <summary>One user: does the steps of the group in order, each when it is due.</summary>
internal sealed class ScenarioWorker(ScenarioDesk desk, int groupNumber, UserGroup group, ScenarioUser user)
{
    private CookieContainer? _cookies;
    private TimeSpan _due, _rested, _ends = TimeSpan.MaxValue;
    private bool _met, _again;

    /// <summary>Of the nearest loop that is being gone through, from 0; null outside of all.</summary>
    private long? _pass;

    /// <summary>A closed loop: again and again, while this user is one of those who are there.</summary>
    public async Task LoopAsync(EquatableArray<Window> windows, long? iterations)
    {
        var left = iterations ?? long.MaxValue;
        foreach (var window in windows)
        {
            (_due, _ends) = (window.Begins, window.Ends);
            if (!await UntilDueAsync()) return;
            desk.Record.Came();
            try
            {
                while (left-- > 0 && !Over && Seat())
                    await IterateAsync();
            }
            finally
            {
                desk.Record.Left();
            }
            if (left <= 0) return;
        }
    }

    /// <summary>One iteration of an open loop, due at this time and never stopped by the profile's end.</summary>
    public async Task OnceAsync(TimeSpan due)
    {
        _due = due;
        desk.Record.Came();
        try
        {
            if (Seat()) await IterateAsync();
        }
        finally
        {
            desk.Record.Left();
        }
    }

    private bool Over => desk.Cancellation.IsCancellationRequested || _due >= _ends || desk.Now >= _ends;

    /// <summary>Takes the rows of this iteration; false when there are no more.</summary>
    private bool Seat()
    {
        var first = !_met;
        _met = true;
        return desk.Rows.Give(user, groupNumber, first);
    }

    private async Task IterateAsync()
    {
        var began = _due;
        if (group.Cookies && (_cookies is null || group.ForgetsCookies)) _cookies = new CookieContainer();
        var end = await DoAsync(group.Items);
        _again = true;
        // Nothing that takes time: others must have their turn, and the loop its end.
        if (_due == began) await Task.Yield();
        desk.Record.Iterated(end, Later(_due, desk.Now) - began);
    }

    private static TimeSpan Later(TimeSpan due, TimeSpan now) => due > now ? due : now;

    private async Task<IterationEnd> DoAsync(EquatableArray<ScenarioItem> items)
    {
        foreach (var item in items)
        {
            if (Over) return IterationEnd.Interrupted;
            var end = item switch
            {
                ScenarioItem.Send send => await SendAsync(send.Request),
                ScenarioItem.Rest rest => Rest(rest.Think),
                ScenarioItem.Pace pace => Pace(pace),
                ScenarioItem.Repeat repeat => await RepeatAsync(repeat),
                ScenarioItem.Part part => await PartAsync(part),
                ScenarioItem.Once once => _pass is > 0 || (_pass is null && _again)
                    ? IterationEnd.Done : await DoAsync(once.Items),
                _ => throw new InvalidOperationException($"{item}"),
            };
            if (end is not IterationEnd.Done) return end;
        }
        return IterationEnd.Done;
    }

    private async Task<IterationEnd> SendAsync(RequestSpec request)
    {
        if (!await UntilDueAsync()) return IterationEnd.Interrupted;
        var (due, begun) = (_due, desk.Now);
        desk.Record.Began(begun - due);
        var (outcome, judgement) = await desk.Client.SendAsync(request, user, _cookies, desk.Cancellation);
        _due = desk.Now;
        desk.Record.Ended(request, desk.Record.Class(request), due, begun, _due, outcome, judgement);
        return judgement.Stops ? IterationEnd.Stopped : IterationEnd.Done;
    }

    private IterationEnd Rest(ThinkSpec think)
    {
        var span = think.Draw(user.Rng);
        (_due, _rested) = (_due + span, _rested + span);
        return IterationEnd.Done;
    }

    private IterationEnd Pace(ScenarioItem.Pace pace)
    {
        var next = desk.Paces.Next(pace, groupNumber, user.Number, _due);
        (_due, _rested) = (next, _rested + (next - _due));
        return IterationEnd.Done;
    }

    private async Task<IterationEnd> RepeatAsync(ScenarioItem.Repeat repeat)
    {
        var times = repeat.Times is null ? long.MaxValue
            : long.TryParse(repeat.Times.Expand(user, desk.Time.GetUtcNow()), CultureInfo.InvariantCulture, out var n)
                ? n < 0 ? long.MaxValue : n : 0;
        var outer = _pass;
        for (var i = 0L; i < times; i++)
        {
            var before = _due;
            _pass = i;
            var end = await DoAsync(repeat.Items);
            _pass = outer;
            if (end is not IterationEnd.Done) return end;
            if (Over) return IterationEnd.Interrupted;
            if (_due == before) await Task.Yield();
        }
        return IterationEnd.Done;
    }

    private async Task<IterationEnd> PartAsync(ScenarioItem.Part part)
    {
        var (began, rested) = (_due, _rested);
        var end = await DoAsync(part.Items);
        var took = Later(_due, began) - began - (part.WithRests ? TimeSpan.Zero : _rested - rested);
        if (end is IterationEnd.Done) desk.Record.Passed(part.Name, took);
        return end;
    }

    /// <summary>False when the run, or this user's time, is over first.</summary>
    private async Task<bool> UntilDueAsync()
    {
        try
        {
            while (true)
            {
                var (now, until) = (desk.Now, _due < _ends ? _due : _ends);
                if (now >= until) return _due < _ends && !desk.Cancellation.IsCancellationRequested;
                // The platform's timers count whole milliseconds, and a part of one would be none.
                var left = TimeSpan.FromMilliseconds(Math.Ceiling((until - now).TotalMilliseconds));
                await Task.Delay(left, desk.Time, desk.Cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
