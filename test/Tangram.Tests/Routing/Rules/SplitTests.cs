using System.Net;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

public sealed class SplitTests
{
    private static readonly ServiceName Own = ServiceName.Of("order");
    private static readonly ServiceName Next = ServiceName.Of("order-next");
    private static readonly KeySpec ByUser = new(KeySource.Cookie, "user");

    private static SplitSpec Shares(params (ServiceName? To, double Share)[] shares) =>
        new(ByUser, shares.Select(s => new SplitShare(s.To, s.Share)).ToEquatableArray());

    [Fact]
    public void Shares_stand_beside_each_other_and_the_rest_is_the_services_own()
    {
        var split = Shares((Next, 0.05), (ServiceName.Of("lab"), 0.1));
        Assert.Equal(Next, Split.Choose(split, Own, 0.049).Service);
        Assert.Equal("lab", Split.Choose(split, Own, 0.05).Service.Value);
        Assert.Equal(new Side(Own, RevisionSide.Any), Split.Choose(split, Own, 0.16));
        Assert.Equal(new Side(Own, RevisionSide.Newest), Split.Choose(Shares((null, 0.05)), Own, 0.01));
        Assert.Equal(new Side(Own, RevisionSide.Older), Split.Choose(Shares((null, 0.05)), Own, 0.06));
    }

    [Fact]
    public void A_user_stays_on_its_side_and_users_are_shared_out_as_asked()
    {
        var seed = Split.Seed(new RouteSpec("shop.local", "/"), Own);
        bool Goes(int user, double share) => Split.Choose(Shares((Next, share)), Own, RequestKey.Fraction(RequestKey.Of(
            ByUser, new PlainRequest("h", "/") { Headers = [("Cookie", $"a=1; user=u{user}")] }, seed)))
            .Service == Next;
        var users = Enumerable.Range(0, 20_000).ToArray();
        var five = users.Where(user => Goes(user, 0.05)).ToArray();
        // Five deviations: sqrt(20,000 × 0.05 × 0.95) is 31.
        Assert.InRange(five.Length, 1000 - 155, 1000 + 155);
        Assert.All(five, user => Assert.True(Goes(user, 0.05) && Goes(user, 0.1)));
    }

    [Fact]
    public void Without_its_cookie_a_request_goes_by_its_client_and_in_IPv6_by_the_network_of_64_bits()
    {
        ulong Of(string? client, params (string, string)[] headers) => RequestKey.Of(ByUser, new PlainRequest("h", "/")
        {
            Client = client is null ? null : IPAddress.Parse(client), Headers = headers,
        }, 1);
        Assert.Equal(Of("10.0.0.1", ("Cookie", "user=x")), Of("10.0.0.2", ("Cookie", "user=x")));
        Assert.NotEqual(Of("10.0.0.1"), Of("10.0.0.2"));
        Assert.Equal(Of("10.0.0.1"), Of("::ffff:10.0.0.1", ("Cookie", "other=1; user=")));
        Assert.Equal(Of("2001:db8::1"), Of("2001:db8::2"));
        Assert.NotEqual(Of("2001:db8::1"), Of("2001:db8:0:1::1"));
        Assert.NotEqual(Of(null), Of("0.0.0.0"));
    }

    [Fact]
    public void A_service_of_two_revisions_has_two_sides_and_of_one_revision_one()
    {
        var two = Routed.Service(3);
        two = two with { Backends = [.. two.Backends.Select((b, i) => b with { Revision = i == 0 ? 2 : 1 })] };
        string Names(RevisionSide side) =>
            string.Join(' ', RevisionSides.Of(two, side).Backends.Select(b => b.Replica.Value));
        Assert.Equal("order-1", Names(RevisionSide.Newest));
        Assert.Equal("order-2 order-3", Names(RevisionSide.Older));
        Assert.Same(two, RevisionSides.Of(two, RevisionSide.Any));
        var one = Routed.Service(3);
        Assert.Same(one, RevisionSides.Of(one, RevisionSide.Newest));
        Assert.Same(one, RevisionSides.Of(one, RevisionSide.Older));
    }
}
