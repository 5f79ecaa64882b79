using Tangram.Routing.Records;

namespace Tangram.Tests.Routing.Records;

/// <summary>The rules of W3C Trace Context, 3.2 and 3.3, and its own examples.</summary>
public sealed class TraceContextTests
{
    private const string Valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    [Theory]
    [InlineData(Valid)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")]
    // Of a later version, what is known is enough; more may follow a dash.
    [InlineData("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings")]
    public void A_parent_is_valid(string text) => Assert.True(TraceContext.IsParent(text));

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    // No version ff; of version 00 not a character more.
    [InlineData("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more")]
    // Nothing but zeros is no id.
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")]
    // Lower-case hexadecimal digits, at their places.
    [InlineData("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00F067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0X")]
    [InlineData("0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b77-01")]
    [InlineData(" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1")]
    public void A_parent_is_malformed(string text) => Assert.False(TraceContext.IsParent(text));

    [Theory]
    [InlineData("")]
    [InlineData("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")]
    [InlineData("fw529a3039@dt=FfffaiKX4C2,1a-2f@foo=1")]
    [InlineData("a=1,,b=2, ,c=3")]
    [InlineData("a=1 \t,\t b=in side")]
    [InlineData("z0_-*/=!#$%&'()*+-./:;<>?@[]^_`{|}~")]
    public void A_state_is_valid(string text) => Assert.True(TraceContext.IsState(text));

    [Theory]
    [InlineData("foo")]
    [InlineData("foo=")]
    [InlineData("=1")]
    [InlineData("Foo=1")]
    [InlineData("foo=1,foo=2")]
    [InlineData("foo=1, bar=2,\tfoo=3")]
    [InlineData("foo=1=2")]
    [InlineData("foo =1")]
    [InlineData("foo@=1@2@,a@b@c=1")]
    [InlineData("foo.bar=1")]
    [InlineData("foo=\u00e9")]
    public void A_state_is_malformed(string text) => Assert.False(TraceContext.IsState(text));

    [Fact]
    public void A_state_has_at_most_32_members_of_256_characters_each()
    {
        string Members(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $"k{i}={i}"));
        Assert.True(TraceContext.IsState(Members(32)));
        Assert.False(TraceContext.IsState(Members(33)));
        Assert.True(TraceContext.IsState($"{new string('a', 256)}={new string('b', 256)}"));
        Assert.False(TraceContext.IsState($"{new string('a', 257)}=b"));
        Assert.False(TraceContext.IsState($"a={new string('b', 257)}"));
        Assert.False(TraceContext.IsState(new string(',', 1 << 20)));
    }

    [Fact]
    public void A_new_one_is_valid_and_never_the_same_again()
    {
        var source = new TraceSource(1, 2);
        var ids = new HashSet<string>();
        for (var i = 0; i < 10_000; i++)
        {
            var parent = source.Begin(sampled: i % 2 == 0);
            Assert.True(TraceContext.IsParent(parent), parent);
            Assert.EndsWith(i % 2 == 0 ? "-01" : "-00", parent);
            Assert.True(ids.Add(TraceContext.TraceId(parent).ToString()));
        }
        Assert.DoesNotContain(TraceContext.TraceId(new TraceSource(3, 2).Begin(true)).ToString(), ids);
    }

    [Fact]
    public void Zeros_become_an_id()
    {
        Assert.Equal("00-00000000000000000000000000000001-0000000000000001-00", TraceContext.New(0, 0, 0, false));
        Assert.Equal("00-0123456789abcdef00000000000000ff-00f067aa0ba902b7-01",
            TraceContext.New(0x0123456789ABCDEF, 0xFF, 0x00F067AA0BA902B7, true));
    }
}
