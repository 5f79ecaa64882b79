using Tangram.Coordinating.Etcd;

namespace Tangram.Tests.Coordinating.Etcd;

public sealed class EtcdVersionTests
{
    [Theory]
    [InlineData("3.3.27")]
    [InlineData("2.3.8")]
    [InlineData("3.3.0+git")]
    public void What_is_older_than_3_4_is_refused_with_a_remedy(string version)
    {
        var judged = EtcdVersion.Judge("http://e:1", version);
        Assert.Contains($"etcd at http://e:1 is version {version}, which is too old", judged.Refusal);
        Assert.Contains("Upgrade", judged.Refusal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    public void What_is_no_version_is_refused(string version) =>
        Assert.Contains("is that etcd?", EtcdVersion.Judge("http://e:1", version).Refusal);

    [Theory]
    [InlineData("3.4.0", "end of life")]
    [InlineData("3.4.23", "end of life")]
    [InlineData("3.5.0", "corrupt")]
    [InlineData("3.5.2", "corrupt")]
    [InlineData("3.5.3", "stale")]
    [InlineData("3.5.27", "stale")]
    [InlineData("3.6.0-rc.1", "stale")]
    [InlineData("3.6.8", "stale")]
    public void What_has_a_known_weakness_is_warned_of(string version, string word)
    {
        var judged = EtcdVersion.Judge("http://e:1", version);
        Assert.Null(judged.Refusal);
        Assert.Contains(word, judged.Warning);
    }

    [Theory]
    [InlineData("3.5.28")]
    [InlineData("3.6.9")]
    [InlineData("3.7.0")]
    [InlineData("4.0.0")]
    public void What_is_sound_is_taken_silently(string version) =>
        Assert.Equal(new EtcdVersion(null, null), EtcdVersion.Judge("http://e:1", version));
}
