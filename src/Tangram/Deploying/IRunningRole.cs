using Tangram.Observing;

namespace Tangram.Deploying;

/// <summary>A server, an agent or a gateway in this process. Disposing ends it in order and leaves its listening
/// sockets to the one that is started after it; replicas live on.</summary>
internal interface IRunningRole : IAsyncDisposable
{
    EventLog Events { get; }

    /// <summary>Completes when a part of it has failed: the process must end.</summary>
    Task Failed { get; }

    /// <summary>Completes when it was asked to end in another way than by a signal.</summary>
    Task Left => new TaskCompletionSource().Task;

    /// <summary>Nobody comes after it: its ports are free at once. Dispose of it then.</summary>
    Task CloseAsync() => Task.CompletedTask;
}
