using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>An answer that was good once.</summary>
/// <param name="Vary">The request's headers by which the answer was chosen, with their values.</param>
/// <param name="Age">How old it was already when it was kept, in seconds.</param>
public sealed record StoredAnswer(
    ImmutableArray<(string Name, string Value)> Headers, ReadOnlyMemory<byte> Body,
    ImmutableArray<(string Name, string Value)> Vary, Instant At, long Age)
{
    /// <summary>Now, in whole seconds (RFC 9111, 4.2.3).</summary>
    public long AgeAt(Instant now) => Age + (long)(now - At).TotalSeconds;

    internal long Size => Body.Length + 200
        + Headers.Concat(Vary).Sum(pair => 2L * (pair.Name.Length + pair.Value.Length));
}

/// <summary>The last good answers of services that ask for it, in bounded memory: the oldest goes first. Thread-safe;
/// one for each gateway.</summary>
public sealed class StoredAnswers(long mostBytes = StoredAnswers.UsualBytes)
{
    public const long UsualBytes = 16 * 1024 * 1024;

    /// <summary>Longer ones are not kept: a few of them would drive out all others.</summary>
    public const int LargestBody = 256 * 1024;

    /// <summary>An answer is kept anew no more often than this: of a busy page one in a thousand is enough.</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, StoredAnswer Answer)>> _byKey =
        new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, StoredAnswer Answer)> _byAge = [];
    private long _bytes;

    public long Bytes
    {
        get { lock (_gate) return _bytes; }
    }

    /// <summary>The one that is kept is old enough to be replaced.</summary>
    public bool Wants(string key, Instant now)
    {
        lock (_gate) return !_byKey.TryGetValue(key, out var node) || now - node.Value.Answer.At >= Renewal;
    }

    public void Keep(string key, StoredAnswer answer)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var before)) Remove(before);
            var size = answer.Size + 2L * key.Length;
            if (answer.Body.Length > LargestBody || size > mostBytes) return;
            while (_bytes + size > mostBytes) Remove(_byAge.First!);
            _byKey.Add(key, _byAge.AddLast((key, answer)));
            _bytes += size;
        }
    }

    /// <summary>Null when there is none that is young enough, or the one there is was for another request.</summary>
    /// <param name="header">What the request says under a name; empty when nothing.</param>
    public StoredAnswer? Find(string key, TimeSpan oldest, Instant now, Func<string, string> header)
    {
        StoredAnswer answer;
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key, out var node)) return null;
            answer = node.Value.Answer;
        }
        if (now - answer.At > oldest) return null;
        foreach (var (name, value) in answer.Vary) if (header(name) != value) return null;
        return answer;
    }

    private void Remove(LinkedListNode<(string Key, StoredAnswer Answer)> node)
    {
        _byAge.Remove(node);
        _byKey.Remove(node.Value.Key);
        _bytes -= node.Value.Answer.Size + 2L * node.Value.Key.Length;
    }
}
