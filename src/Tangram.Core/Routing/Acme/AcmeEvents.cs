using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Routing.Acme;

/// <summary>What this server's wall clock shows, by which certificates end. Comes every second or so.</summary>
public sealed record AcmeClock(DateTimeOffset Now) : Event;

/// <summary>The authority has made an account.</summary>
public sealed record AcmeAccountMade(long Request, AcmeAccount Account) : Event;

/// <summary>The authority asks for this before it issues; it is told to look once <see cref="MeetAcmeChallenge"/>
/// comes.</summary>
public sealed record AcmeChallenged(long Request, AcmeChallenge Challenge) : Event;

public sealed record AcmeIssued(long Request, AcmeCertificate Certificate) : Event;

/// <param name="Because">As the end of a sentence, without a stop.</param>
/// <param name="NotBefore">How long the authority wants to be left alone.</param>
/// <param name="AccountGone">It does not know the account any more.</param>
public sealed record AcmeFailed(
    long Request, string Because, TimeSpan NotBefore = default, bool AccountGone = false) : Event;

/// <summary>Answered by <see cref="AcmeAccountMade"/> or <see cref="AcmeFailed"/>.</summary>
public sealed record MakeAcmeAccount(long Request, AcmeSpec Spec) : Effect;

/// <summary>Answered by <see cref="AcmeIssued"/> or <see cref="AcmeFailed"/>; before that, perhaps by
/// <see cref="AcmeChallenged"/>.</summary>
public sealed record OrderCertificate(long Request, AcmeSpec Spec, AcmeAccount Account, string Domain) : Effect;

/// <summary>Every gateway answers the challenge.</summary>
public sealed record MeetAcmeChallenge(long Request) : Effect;

/// <summary>Nobody waits for its answer any more.</summary>
public sealed record AbandonAcme(long Request) : Effect;
