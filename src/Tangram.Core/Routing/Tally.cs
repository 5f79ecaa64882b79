using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Attempts at one revision of one service since the rollout began, and those of them that failed. An attempt
/// whose connection was refused reached no replica and is not counted.</summary>
public sealed class Tally(ServiceName service, int revision)
{
    private long _requests;
    private long _failures;

    public ServiceName Service => service;
    public int Revision => revision;

    public Outcomes Read() => new(service, revision, Interlocked.Read(ref _requests), Interlocked.Read(ref _failures));

    internal void CountRequest() => Interlocked.Increment(ref _requests);
    internal void CountFailure() => Interlocked.Increment(ref _failures);
}
