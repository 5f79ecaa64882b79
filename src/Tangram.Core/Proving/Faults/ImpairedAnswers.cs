using System.Text;
using Tangram.Model;
using Tangram.Routing.Http1;

namespace Tangram.Proving.Faults;

/// <summary>What becomes of bytes of an answer.</summary>
/// <param name="Keep">So many of them pass, from the first.</param>
/// <param name="Instead">These pass in their place; null: none do.</param>
/// <param name="Late">They begin an answer that shall begin late.</param>
/// <param name="Ends">After them the connection is closed.</param>
/// <param name="Struck">They belong to an answer that is struck, and are its first or its last ones.</param>
public readonly record struct AnswerPart(int Keep, byte[]? Instead = null, bool Late = false, bool Ends = false,
    bool Struck = false);

/// <summary>The requests and answers of one connection to a replica (HTTP/1), of which some answers are late, wrong or
/// half. What is not HTTP/1, or does not wait for an answer before the next request, passes untouched.</summary>
public sealed class ImpairedAnswers(FaultKind kind, ImpairmentSpec spec, Rng rng)
{
    private readonly LoadHeads _heads = new();
    private readonly List<byte> _unread = [];
    private LoadAnswer _answer;
    private bool _awaiting, _begun, _ended, _inForce, _struck, _isHead, _passes;
    private long _passed, _headsBefore;
    private long? _limit;

    /// <summary>Those that began, of requests that came while it was in force.</summary>
    public int Answers { get; private set; }

    /// <summary>It is not HTTP/1, so nothing is done to it.</summary>
    public bool Passes => _passes;

    /// <summary>Bytes on their way to the replica.</summary>
    /// <param name="inForce">What is asked now may be struck.</param>
    public void Ask(ReadOnlySpan<byte> bytes, bool inForce)
    {
        if (_passes || _awaiting || bytes.IsEmpty) return;
        // A letter begins a request; "PRI" begins HTTP/2 (RFC 9113, 3.4), 22 a handshake of TLS.
        if (!char.IsAsciiLetterUpper((char)bytes[0]) || bytes.StartsWith("PRI "u8))
        {
            _passes = true;
            return;
        }
        (_awaiting, _begun, _ended, _isHead) = (true, false, false, bytes.StartsWith("HEAD "u8));
        (_passed, _headsBefore, _limit) = (0, 0, null);
        _unread.Clear();
        _answer = new LoadAnswer(_isHead);
        _inForce = inForce;
        _struck = inForce && (kind == FaultKind.AnswerSlow || rng.Chance(spec.Share));
    }

    /// <summary>Bytes on their way back.</summary>
    public AnswerPart Answer(ReadOnlySpan<byte> bytes)
    {
        if (_passes || !_awaiting) return new(bytes.Length);
        var first = !_begun;
        if (first && _inForce) Answers++;
        _begun = true;
        if (_struck && kind == FaultKind.AnswerWrong)
            return first ? new(0, Wrong(), Ends: true, Struck: true) : new(0, Ends: true);
        if (_struck && kind == FaultKind.AnswerHalf) return Half(bytes);
        Follow(bytes);
        return new(bytes.Length, Late: first && _struck, Struck: first && _struck);
    }

    /// <summary>To know where the answer ends.</summary>
    private void Follow(ReadOnlySpan<byte> bytes)
    {
        _unread.AddRange(bytes);
        var read = _answer.Read([.. _unread], _heads, out var used);
        _unread.RemoveRange(0, used);
        if (read == AnswerRead.Bad || (read == AnswerRead.Done && (_unread.Count > 0 || _answer.Status == 101)))
            _passes = true;
        if (read == AnswerRead.Done) _awaiting = false;
    }

    private AnswerPart Half(ReadOnlySpan<byte> bytes)
    {
        if (_limit is null) Look(bytes);
        var room = _limit is { } limit ? Math.Max(0, limit - _passed) : long.MaxValue;
        var keep = (int)Math.Min(bytes.Length, room);
        _passed += keep;
        var ends = keep < bytes.Length || room == keep;
        var struck = ends && !_ended;
        _ended |= ends;
        return new(keep, Ends: ends, Struck: struck);
    }

    /// <summary>Finds the half of it as soon as its head is whole: of a body whose length is known that of the body,
    /// of another that of what has come of it, and without a body that of the head.</summary>
    private void Look(ReadOnlySpan<byte> bytes)
    {
        _unread.AddRange(bytes);
        while (true)
        {
            var read = _heads.Read([.. _unread], _isHead, out var head, out var length);
            if (read != HeadRead.Whole)
            {
                _passes = read == HeadRead.Bad;
                return;
            }
            if (!head.Interim)
            {
                _limit = _headsBefore + head.Framing switch
                {
                    BodyFraming.None => length / 2,
                    BodyFraming.Length => length + head.Length / 2,
                    _ => length + (_unread.Count - length) / 2,
                };
                return;
            }
            _headsBefore += length;
            _unread.RemoveRange(0, length);
        }
    }

    private byte[] Wrong()
    {
        const string Body = "this is not the answer\n";
        var head = $"HTTP/1.1 {spec.Status} Wrong\r\nContent-Type: text/plain\r\nContent-Length: {Body.Length}\r\n" +
            "Connection: close\r\n\r\n";
        return Encoding.ASCII.GetBytes(_isHead || spec.Status is 204 or 304 ? head : head + Body);
    }
}
