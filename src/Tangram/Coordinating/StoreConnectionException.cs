namespace Tangram.Coordinating;

/// <summary>A store on the network cannot be used. The message says which, why, and what to do.</summary>
internal sealed class StoreConnectionException(string message, Exception? cause = null) : Exception(message, cause);
