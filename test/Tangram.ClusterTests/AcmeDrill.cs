using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>Certificates by ACME on machines of their own, from real authorities: any gateway is asked, every gateway
/// answers, and nobody else learns a key.</summary>
[Collection(nameof(Alone))]
public sealed class AcmeDrill
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("http-01")]
    [InlineData("tls-alpn-01")]
    public async Task Every_gateway_shows_what_any_of_them_has_proved(string challenge)
    {
        await using var lab = await AcmeLab.WithCaddyAsync(challenge, "a.test", "b.test");
        foreach (var gateway in lab.Gateways)
            foreach (var domain in (string[])["a.test", "b.test"])
                await lab.BecomesShownAsync(gateway, domain);
        Assert.Contains("a.test has a certificate from https://acme.test", await lab.SaysAsync("why", "a.test"),
            StringComparison.Ordinal);
        await OnlyGatewaysHaveKeysAsync(lab);
        await ShowsItWithoutAServerAsync(lab);
    }

    private static async Task OnlyGatewaysHaveKeysAsync(AcmeLab lab)
    {
        await Until.SomeAsync(() => Task.FromResult(KeyIn(lab.Gateways[0])), Patience, () => "a copy");
        var copy = await Until.SomeAsync(() => Task.FromResult(KeyIn(lab.Gateways[1])), Patience, () => "another");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        Assert.DoesNotContain("acme/account", File.ReadAllText(copy), StringComparison.Ordinal);
        await Until.SomeAsync(() => Task.FromResult(AcmeLab.CopyOf(lab.Agent) is var agents && File.Exists(agents)
            && File.ReadAllText(agents).Contains("\"revisions/", StringComparison.Ordinal) ? "" : null), Patience,
            () => "the agent's copy");
        Assert.DoesNotContain("PRIVATE KEY", File.ReadAllText(AcmeLab.CopyOf(lab.Agent)), StringComparison.Ordinal);
    }

    private static string? KeyIn(LabMachine machine) => AcmeLab.CopyOf(machine) is var copy && File.Exists(copy)
        && File.ReadAllText(copy) is var text && HasBoth(text) ? copy : null;

    /// <summary>Of both domains.</summary>
    private static bool HasBoth(string text) => text.Split("BEGIN PRIVATE KEY").Length > 2;

    private static async Task ShowsItWithoutAServerAsync(AcmeLab lab)
    {
        lab.Server.PowerOff();
        lab.Gateways[1].PowerOff();
        lab.Gateways[1].PowerOn();
        lab.StartGateway(lab.Gateways[1]);
        await lab.BecomesShownAsync(lab.Gateways[1], "a.test");
    }

    [Theory]
    [InlineData("http-01")]
    [InlineData("tls-alpn-01")]
    public async Task Renews_at_two_thirds_and_goes_on_when_the_authority_is_away(string challenge)
    {
        await using var lab = await AcmeLab.WithPebbleAsync(TimeSpan.FromSeconds(30), challenge, "a.test");
        var first = await lab.BecomesShownAsync(lab.Gateways[0], "a.test");
        var second = await lab.BecomesShownAsync(lab.Gateways[1], "a.test", other: first);
        lab.Acme.KillAcme();
        await Until.SomeAsync(async () => await lab.SaysAsync("why", "a.test") is var said
            && said.Contains("the last order failed", StringComparison.Ordinal) ? said : null, Patience, lab.Tail);
        Assert.Equal(second, await lab.ShownAsync(lab.Gateways[0], "a.test"));
        Assert.Contains("stays in force", await lab.SaysAsync("events"), StringComparison.Ordinal);
    }
}
