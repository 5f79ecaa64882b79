namespace Tangram.Coordinating;

/// <summary>A store's file cannot be used. The message says which, why, and what to do.</summary>
internal sealed class StoreFileException(string message, Exception? cause = null) : Exception(message, cause);
