using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing.Acme;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Routing.Acme;

public sealed class AcmeMachineTests
{
    private const string Directory = "https://ca.test/directory";
    private static readonly DateTimeOffset Wall = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
    private static readonly AcmeAccount Account = new(Directory, null, "key", "https://ca.test/account/1");
    private static readonly Term Self = new("server-1", "1"), Other = new("server-2", "2");

    private readonly Bed _bed;

    public AcmeMachineTests()
    {
        var documents = Moving.Settled(3).Put(Keys.Term, Self);
        _bed = new Bed(new AcmeMachine(Self, new Rng(1)), documents.Store());
        Asks("a.test", "b.test");
        _bed.See().Give(new AcmeClock(Wall));
    }

    private AcmeState Acme => _bed.State.Acme;
    private OrderCertificate[] Orders => [.. _bed.Effects.OfType<OrderCertificate>()];

    private void Asks(params string[] domains) => Asks(new AcmeSpec { Directory = Directory, Domains = [.. domains] });

    /// <summary>By the next revision.</summary>
    private void Asks(AcmeSpec? acme)
    {
        var next = (_bed.State.Asked?.Value.Revision ?? 0) + 1;
        var spec = Moving.Spec(1, 3) with { Tls = new TlsSpec { Acme = acme } };
        _bed.Put(Keys.Revision(next), new Revision { Number = next, Spec = spec })
            .Put(Keys.Asked, new Asked { Revision = next })
            .Put(Keys.Rollout, new Rollout { Current = next, Target = next, Stage = RolloutStage.Done }).See();
    }

    private void HasAccount() => _bed.Put(Keys.AcmeAccount, Account).See().Run(0.2);

    private static AcmeCertificate Certificate(DateTimeOffset from, double days = 90, string directory = Directory) =>
        new(directory, $"chain of {from:O}", "key", from, from.AddDays(days));

    private void Fails(string because, TimeSpan notBefore = default) =>
        _bed.Give(new AcmeFailed(Orders[^1].Request, because, notBefore)).See();

    [Fact]
    public void Makes_an_account_keeps_it_and_orders_one_domain_after_the_other()
    {
        _bed.Run(1);
        var make = Assert.Single(_bed.Effects.OfType<MakeAcmeAccount>());
        Assert.Empty(Orders);
        _bed.Give(new AcmeAccountMade(make.Request, Account)).See();
        Assert.Equal(Account, Acme.Account!.Value);
        _bed.Run(5);
        Assert.Equal("a.test", Assert.Single(Orders).Domain);
        _bed.Give(new AcmeIssued(Orders[0].Request, Certificate(Wall))).See().Run(1);
        Assert.Equal(Certificate(Wall), Acme.Certificates["a.test"].Value);
        Assert.Equal(["a.test", "b.test"], Orders.Select(order => order.Domain));
        Assert.Contains("has a certificate from https://ca.test/directory, until 2027-02-27", _bed.Announced.Single());
    }

    [Fact]
    public void An_account_that_may_not_have_been_written_is_written_before_it_is_used()
    {
        _bed.Run(1);
        var make = Assert.Single(_bed.Effects.OfType<MakeAcmeAccount>());
        (_bed.Says, _bed.Times) = (StoreStatus.Unknown, 2);
        _bed.Give(new AcmeAccountMade(make.Request, Account)).See();
        Assert.Empty(Orders);
        _bed.Run(5);
        Assert.Equal(Account, Acme.Account!.Value);
        Assert.Single(Orders);
    }

    [Fact]
    public void The_authority_is_told_once_every_gateway_answers()
    {
        HasAccount();
        _bed.Put(Keys.Gateway("h"), new GatewaySeen { Addresses = ["http://*:80"], Applied = 1 });
        // That of an agent, at which no authority can ask.
        _bed.Put(Keys.Gateway("a-1"), new GatewaySeen { Applied = 1 });
        var challenge = new AcmeChallenge("a.test", AcmeProof.Http01, "token", "token.print");
        _bed.Give(new AcmeChallenged(Orders[0].Request, challenge)).See().Run(2);
        Assert.Equal(challenge, Acme.Challenge!.Value);
        var shown = Acme.Challenge.ModRevision;
        Assert.True(_bed.State.RoutedRevision >= shown, "gateways would not look at it");
        Assert.Empty(_bed.Effects.OfType<MeetAcmeChallenge>());
        foreach (var gateway in new[] { "g", "h" })
            _bed.Put(Keys.Gateway(gateway), new GatewaySeen { Addresses = ["http://*:80"], Applied = shown });
        _bed.See().Run(0.5);
        Assert.Single(_bed.Effects.OfType<MeetAcmeChallenge>());
        _bed.Give(new AcmeIssued(Orders[0].Request, Certificate(Wall))).See();
        Assert.Null(Acme.Challenge);
    }

    [Fact]
    public void A_gateway_that_hangs_does_not_stop_an_order_for_good()
    {
        HasAccount();
        _bed.Give(new AcmeChallenged(Orders[0].Request, new AcmeChallenge("a.test", AcmeProof.Http01, "t", "t.p")));
        _bed.See().Run(9);
        Assert.Empty(_bed.Effects.OfType<MeetAcmeChallenge>());
        _bed.Run(2);
        Assert.Single(_bed.Effects.OfType<MeetAcmeChallenge>());
    }

    [Fact]
    public void Renews_after_two_thirds_of_the_life_and_keeps_the_old_one_until_then()
    {
        Asks("a.test");
        HasAccount();
        _bed.Give(new AcmeIssued(Orders[0].Request, Certificate(Wall))).See().Forget();
        _bed.Give(new AcmeClock(Wall.AddDays(56.9))).Run(1);
        Assert.Empty(Orders);
        _bed.Give(new AcmeClock(Wall.AddDays(60.1))).Run(1);
        Assert.Equal("a.test", Assert.Single(Orders).Domain);
        Assert.Equal(Wall, Acme.Certificates["a.test"].Value.From);
        Fails("it says: no");
        Assert.Equal(Wall, Acme.Certificates["a.test"].Value.From);
        Assert.Contains("the one until 2027-02-27 12:00 UTC stays in force", _bed.Announced.Last());
    }

    [Fact]
    public void Of_what_fails_each_wait_is_twice_as_long_and_the_others_go_on()
    {
        HasAccount();
        Fails("it says: no such name");
        _bed.Run(1);
        Assert.Equal(["a.test", "b.test"], Orders.Select(order => order.Domain));
        _bed.Give(new AcmeIssued(Orders[1].Request, Certificate(Wall))).See().Forget();
        var trouble = Assert.Single(Acme.Troubles!.Value.Domains);
        Assert.Equal(new AcmeTrouble("a.test", 1, "it says: no such name"), trouble);
        var waits = new List<double>();
        for (var i = 0; i < 4; i++)
        {
            var begun = _bed.Now;
            for (_bed.Forget(); Orders.Length == 0;) _bed.Run(1);
            waits.Add((_bed.Now - begun).TotalMinutes);
            Fails("it says: no such name");
        }
        Assert.Equal(5, Acme.Troubles!.Value.Domains[0].Failures);
        for (var i = 0; i < 4; i++) Assert.InRange(waits[i], Math.Pow(2, i) * 0.95, Math.Pow(2, i) * 1.3);
        for (_bed.Forget(); Orders.Length == 0;) _bed.Run(1);
        _bed.Give(new AcmeIssued(Orders[0].Request, Certificate(Wall))).See();
        Assert.Empty(Acme.Troubles!.Value.Domains);
    }

    [Fact]
    public void Waits_as_long_as_the_authority_wants()
    {
        Asks("a.test");
        HasAccount();
        Fails("it says: too many", TimeSpan.FromHours(1));
        _bed.Forget().Run(3590);
        Assert.Empty(Orders);
        _bed.Run(20);
        Assert.Single(Orders);
    }

    [Fact]
    public void A_deploy_tries_at_once()
    {
        Asks("a.test");
        HasAccount();
        Fails("it says: no such name", TimeSpan.FromHours(1));
        _bed.Forget();
        Asks("a.test");
        _bed.Run(1);
        Assert.Single(Orders);
    }

    [Fact]
    public void An_account_that_the_authority_has_forgotten_is_made_anew()
    {
        HasAccount();
        _bed.Give(new AcmeFailed(Orders[0].Request, "it says: who?", AccountGone: true)).See().Run(90);
        Assert.Null(Acme.Account);
        Assert.NotEmpty(_bed.Effects.OfType<MakeAcmeAccount>());
    }

    [Fact]
    public void Who_leads_no_more_drops_its_order_and_writes_nothing()
    {
        HasAccount();
        var (order, term) = (Orders[0], _bed.State.Term);
        _bed.Put(Keys.Term, Other);
        // It has not seen that yet: its write compares its own term.
        _bed.Give(new AcmeIssued(order.Request, Certificate(Wall)));
        Assert.Empty(Acme.Certificates);
        Assert.NotEqual(term, _bed.State.Term);
        _bed.See().Forget().Run(600);
        Assert.Empty(_bed.Commits);
        Assert.Empty(Orders);
    }

    [Fact]
    public void A_new_leader_lets_what_failed_wait_again()
    {
        HasAccount();
        _bed.Put(Keys.AcmeTroubles, new AcmeTroubles { Domains = [new AcmeTrouble("a.test", 3, "no")] });
        _bed.Put(Keys.Term, Other).See().Forget();
        _bed.Put(Keys.Term, Self).See().Run(3.9 * 60);
        Assert.DoesNotContain(Orders, order => order.Domain == "a.test");
        _bed.Give(new AcmeIssued(Orders[^1].Request, Certificate(Wall))).See().Run(70);
        Assert.Equal("a.test", Orders[^1].Domain);
    }

    [Fact]
    public void Another_authority_issues_anew_and_what_is_asked_for_no_more_goes_when_it_has_ended()
    {
        HasAccount();
        _bed.Put(Keys.AcmeCertificate("a.test"), Certificate(Wall, directory: "https://old.test/d"))
            .Put(Keys.AcmeCertificate("gone.test"), Certificate(Wall, days: 1))
            .Put(Keys.AcmeChallenge, new AcmeChallenge("gone.test", AcmeProof.Http01, "t", "t.p")).See();
        Fails("");
        _bed.Forget();
        Asks("a.test");
        _bed.Run(1);
        Assert.Equal("a.test", Orders[^1].Domain);
        _bed.Give(new AcmeIssued(Orders[^1].Request, Certificate(Wall))).See().Run(1);
        Assert.Null(Acme.Challenge);
        Assert.Contains("gone.test", Acme.Certificates.Keys);
        _bed.Give(new AcmeClock(Wall.AddDays(2))).Run(1);
        Assert.Equal(["a.test"], Acme.Certificates.Keys);
    }

    [Fact]
    public void Without_a_gateway_or_the_time_nothing_is_ordered()
    {
        var bed = new Bed(new AcmeMachine(Self, new Rng(1)), Moving.Settled(1).Put(Keys.Term, Self)
            .Revision(1, Moving.Spec(1, 1) with
            {
                Tls = new TlsSpec { Acme = new AcmeSpec { Directory = Directory, Domains = ["a.test"] } },
            }).Delete(Keys.Gateway("g")).Store());
        bed.Run(1).Give(new AcmeClock(Wall)).Run(1);
        Assert.Empty(bed.Effects);
        bed.Put(Keys.Gateway("g"), new GatewaySeen { Addresses = ["https://*:443"] }).See().Run(1);
        Assert.Single(bed.Effects.OfType<MakeAcmeAccount>());
    }

    [Fact]
    public void What_is_asked_for_no_more_is_not_ordered_on()
    {
        HasAccount();
        Asks((AcmeSpec?)null);
        Assert.Equal(Orders[0].Request, Assert.Single(_bed.Effects.OfType<AbandonAcme>()).Request);
        _bed.Give(new AcmeIssued(Orders[0].Request, Certificate(Wall))).See().Run(5);
        Assert.Empty(Acme.Certificates);
    }
}
