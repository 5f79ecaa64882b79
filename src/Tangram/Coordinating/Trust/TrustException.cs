namespace Tangram.Coordinating.Trust;

/// <summary>Certificates or keys cannot be used. The message says which, why, and what to do.</summary>
internal sealed class TrustException(string message, Exception? cause = null) : Exception(message, cause);
