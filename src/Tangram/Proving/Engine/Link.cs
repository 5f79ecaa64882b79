namespace Tangram.Proving.Engine;

internal enum LinkPhase : byte
{
    Closed,
    Connecting,
    /// <summary>A part of a request has been sent.</summary>
    Sending,
    Answering,
    Idle,
}

/// <summary>One connection and the request on it: a value in an array of its thread, some 150 bytes. Times are ticks of
/// 100 ns since the start of the run.</summary>
internal struct Link
{
    /// <summary>Where it stands in the array.</summary>
    public int Number;
    public int Descriptor;

    /// <summary>Tells what the kernel still says of a connection before from what it says of this one.</summary>
    public int Generation;
    public LinkPhase Phase;

    /// <summary>Its user waits, and a queue knows until when.</summary>
    public bool Rests;

    /// <summary>A request has been given to it and has not ended.</summary>
    public bool HasRequest;
    public LoadAsk Ask;

    /// <summary>When its bytes were sent; of a connection without a request, when it was last used.</summary>
    public long Begun;
    public int Sent;
    public LoadAnswer Answer;

    /// <summary>The beginning of a head whose rest has not arrived. Most answers never need it.</summary>
    public byte[]? Kept;
    public int KeptLength;
}

/// <summary>One request that is due.</summary>
/// <param name="Intended">When it is due.</param>
/// <param name="Noticed">When the generator came to it.</param>
internal readonly record struct LoadAsk(int Class, long Index, long Intended, long Noticed);
