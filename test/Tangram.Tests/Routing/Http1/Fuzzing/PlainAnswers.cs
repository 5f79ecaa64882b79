using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tangram.Tests.Routing.Http1.Fuzzing;

/// <summary>The same as <see cref="AnswerStream"/> by regular expressions over the whole text, slow and with nothing in
/// common with it.</summary>
internal sealed class PlainAnswers(byte[] bytes)
{
    private const string Name = @"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", Text = @"[^\x00-\x08\x0a-\x1f\x7f]*";
    private const string Size = "[0-9A-Fa-f]", Extension = @"[; \t][^\0\r\n]{0,8192}";

    private static readonly string[] NotPassedOn =
    [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "content-length", "expect", "http2-settings",
    ];

    private static readonly ConcurrentDictionary<string, Regex> Made = [];

    private readonly string _text = Encoding.Latin1.GetString(bytes);
    private readonly StringBuilder _told = new();
    private int _at;

    private sealed record Head(int Status, string Framing, long? Length, bool Stays);

    public static string Told(byte[] bytes) => new PlainAnswers(bytes).Told();

    private string Told()
    {
        for (var isHead = false; ; isHead = !isHead)
        {
            Head? head;
            do
            {
                var end = Regex.Match(_text[_at..], "\n\r?\n");
                var length = end.Success ? end.Index + end.Length : _text.Length - _at;
                if (!end.Success) return $"{_told}{(length >= 65536 ? "Bad" : "More")}";
                head = length > 65536 ? null : ReadHead(_text.Substring(_at, end.Index), isHead);
                if (head is null) return $"{_told}Bad";
                _at += length;
            }
            while (head.Status is >= 100 and < 200 and not 101);
            var read = head.Framing switch
            {
                "Chunked" => Chunks(),
                "Length" => Pass(head.Length!.Value),
                "UntilClose" => Pass(long.MaxValue),
                _ => "End",
            };
            _told.Append('\n');
            if (read != "End" || !head.Stays) return $"{_told}{read}";
        }
    }

    private Head? ReadHead(string text, bool isHead)
    {
        var lines = text.Split('\n').Select(l => l.EndsWith('\r') ? l[..^1] : l).ToArray();
        var first = Regex.Match(lines[0], $@"\AHTTP/1\.([0-9]) ([1-9][0-9][0-9])( ({Text}))?\z");
        var fields = lines[1..].Select(l => Regex.Match(l, $@"\A({Name}):({Text})\z")).ToArray();
        if (!first.Success || !fields.All(f => f.Success)) return null;
        var named = fields.Select(f =>
            (Name: f.Groups[1].Value.ToLowerInvariant(), Value: f.Groups[2].Value.Trim(' ', '\t'))).ToArray();
        string[] Of(string name) => [.. named.Where(f => f.Name == name).Select(f => f.Value)];
        var (lengths, codings) = (Of("content-length"), Of("transfer-encoding"));
        var options = Of("connection").SelectMany(v => v.Split(',')).Select(o => o.Trim(' ', '\t').ToLowerInvariant())
            .Where(o => o != "").ToHashSet();
        var is10 = first.Groups[1].Value == "0";
        if (!lengths.All(l => Regex.IsMatch(l, @"\A[0-9]{1,18}\z"))) return null;
        if (lengths.Select(l => decimal.Parse(l, CultureInfo.InvariantCulture)).Distinct().Count() > 1) return null;
        if (codings.Length > 1 || codings.Any(c => is10 || c.ToLowerInvariant() != "chunked")) return null;
        long? length = lengths.Length == 0 ? null : long.Parse(lengths[0], CultureInfo.InvariantCulture);
        var status = int.Parse(first.Groups[2].Value, CultureInfo.InvariantCulture);
        var isEmpty = isHead || status is < 200 or 204 or 304 || codings.Length == 0 && length == 0;
        var framing = isEmpty ? "None" : codings.Length > 0 ? "Chunked" : length is null ? "UntilClose" : "Length";
        var stays = !options.Contains("close") && (!is10 || options.Contains("keep-alive"))
            && !(codings.Length > 0 && length is not null) && !(status == 204 && (codings.Length > 0 || length > 0));
        _told.Append($"{status} {first.Groups[4].Value}\n");
        foreach (var (name, value) in named)
            if (!NotPassedOn.Contains(name) && (name is "close" || !options.Contains(name)))
                _told.Append($"{name}={value}\n");
        _told.Append($"{framing} {length} {stays}\n");
        return new Head(status, framing, length, stays);
    }

    private string Pass(long length)
    {
        var taken = (int)Math.Min(length, _text.Length - _at);
        _told.Append(_text.AsSpan(_at, taken));
        _at += taken;
        return taken == length ? "End" : "More";
    }

    private string Chunks()
    {
        while (true)
        {
            var size = At($@"({Size}{{1,15}})({Extension})?\r\n");
            if (!size.Success) return Or($@"{Size}{{0,15}}|{Size}{{1,15}}({Extension})?\r?");
            _at += size.Length;
            var length = long.Parse(size.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0) return Trailers();
            if (Pass(length) == "More") return "More";
            if (!At("\r\n").Success) return Or("\r?");
            _at += 2;
        }
    }

    private string Trailers()
    {
        var (trailers, begin) = ("", _at);
        while (At($"({Text})\r\n") is { Success: true } line)
        {
            _at += line.Length;
            if (line.Groups[1].Length == 0) return Tell("End");
            var field = Regex.Match(line.Groups[1].Value, $@"\A({Name}):({Text})\z");
            if (!field.Success) return Tell("Bad");
            trailers += $"\n{field.Groups[1].Value.ToLowerInvariant()}={field.Groups[2].Value.Trim(' ', '\t')}";
            if (_at - begin > 8000) throw new InvalidOperationException("the inputs have no trailers as long as that");
        }
        return Tell(Or($"{Text}\r?"));

        string Tell(string read)
        {
            _told.Append(trailers);
            return read;
        }
    }

    private Match At(string pattern) =>
        Made.GetOrAdd(pattern, static p => new Regex($@"\G(?:{p})")).Match(_text, _at);

    private string Or(string beginning) => At($@"(?:{beginning})\z").Success ? "More" : "Bad";
}
