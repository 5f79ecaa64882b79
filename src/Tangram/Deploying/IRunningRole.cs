using Tangram.Observing;

namespace Tangram.Deploying;

/// <summary>A server, an agent or a gateway in this process. Disposing ends it in order; replicas live on.</summary>
internal interface IRunningRole : IAsyncDisposable
{
    EventLog Events { get; }

    /// <summary>Completes when a part of it has failed: the process must end.</summary>
    Task Failed { get; }
}
