using Microsoft.Extensions.Time.Testing;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class DetoursTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _told = [];
    private readonly Detours _detours;
    private readonly Backend _first, _second;

    public DetoursTests()
    {
        _detours = new Detours(_time, (replica, what) => _told.Add($"{replica} {what}"));
        (_first, _second) = (Routed.Service(2).Backends[0], Routed.Service(2).Backends[1]);
    }

    [Fact]
    public void Without_one_it_goes_directly_and_costs_nothing()
    {
        _ = (_detours.To(_first), _detours.UrlOf(_first));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) _ = (_detours.To(_first), _detours.UrlOf(_first));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(("127.0.0.1", 5001), _detours.To(_first));
        Assert.Equal(_first.Url, _detours.UrlOf(_first));
    }

    [Fact]
    public void Leads_one_replica_for_as_long_as_it_is_renewed()
    {
        for (var i = 0; i < 5; i++)
        {
            _detours.Lead(_first.Replica, 4000, Second);
            _time.Advance(Second * 0.75);
            Assert.Equal((("127.0.0.1", 4000), ("127.0.0.1", 5002)), (_detours.To(_first), _detours.To(_second)));
            Assert.Equal("http://127.0.0.1:4000", _detours.UrlOf(_first));
        }
        Assert.Equal(["order-1 for practice reached by way of 127.0.0.1:4000"], _told);
        _time.Advance(Second * 0.3);
        Assert.Equal(("127.0.0.1", 5001), _detours.To(_first));
        Assert.Equal("order-1 reached directly again: whoever led the way is gone", _told[^1]);
    }

    [Fact]
    public void Ends_at_once_when_it_is_told_to_and_others_go_on()
    {
        _detours.Lead(_first.Replica, 4000, Second);
        _detours.Lead(_second.Replica, 4001, Second * 2);
        _detours.Lead(_first.Replica, 4000, TimeSpan.Zero);
        Assert.Equal((("127.0.0.1", 5001), ("127.0.0.1", 4001)), (_detours.To(_first), _detours.To(_second)));
        Assert.Equal("order-1 reached directly again", _told[^1]);
        _time.Advance(Second * 1.5);
        Assert.Equal(("127.0.0.1", 4001), _detours.To(_second));
        _time.Advance(Second);
        Assert.Equal(("127.0.0.1", 5002), _detours.To(_second));
        // What is not there ends without a word.
        _detours.Lead(_first.Replica, 4000, TimeSpan.Zero);
        Assert.Equal(4, _told.Count);
    }

    public void Dispose() => _detours.Dispose();
}
