using System.Text;
using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Reads a file of <c>KEY=VALUE</c> lines, as <c>.env</c> and <c>env_file</c> are: comments, <c>export</c>,
/// single quotes as they stand, double quotes with escapes, both over several lines, and variables in all but single
/// quotes.</summary>
internal sealed class EnvFile
{
    /// <summary>What the kernel takes in one variable.</summary>
    private const int Longest = 131_072;

    private readonly string _text, _file;
    private readonly Func<string, string?> _outside;
    private readonly ProblemList _problems;
    private readonly Dictionary<string, Tree.Scalar?> _found = new(StringComparer.Ordinal);
    private int _at, _line = 1, _begun;
    private long _room;

    private EnvFile(string text, string file, Func<string, string?> outside, long room, ProblemList problems) =>
        (_text, _file, _outside, _room, _problems) = (text.ReplaceLineEndings("\n"), file, outside, room, problems);

    /// <summary>Values with their places, null for a name without one, which means the environment's.</summary>
    /// <param name="raw">Everything after the first <c>=</c> is the value.</param>
    /// <param name="room">Characters that all values may have together, also those that a later line replaces.</param>
    public static IReadOnlyDictionary<string, Tree.Scalar?> Parse(
        string text, string file, Func<string, string?> outside, bool raw, long room, ProblemList problems)
    {
        var env = new EnvFile(text, file, outside, room, problems);
        while (env._at < env._text.Length && env._room >= 0 && !problems.Full) env.Line(raw);
        return env._found;
    }

    private void Line(bool raw)
    {
        _begun = _at;
        var end = End();
        var line = _text.AsSpan(_at, end - _at);
        if (line.Trim() is "" || line.TrimStart()[0] == '#')
        {
            Next(end);
            return;
        }
        var cut = line.IndexOf('=');
        var name = (cut < 0 ? line : line[..cut]).Trim().ToString();
        if (name.StartsWith("export ", StringComparison.Ordinal)) name = name[7..].Trim();
        var place = Here(_at + line.Length - line.TrimStart().Length);
        if (name.Length == 0 || name.Any(c => c is <= ' ' or '"' or '\'' or '$' or ':'))
        {
            _problems.Error(place, $"{Quoted.Of(line.Trim().ToString())} is not a line of KEY=VALUE",
                "write NAME=value, or # before a comment");
            Next(end);
            return;
        }
        if (cut < 0)
        {
            _found[name] = null;
            Next(end);
            return;
        }
        _at += cut + 1;
        place = Here(_at);
        var value = raw ? Raw(end) : Value(end, place);
        _room -= value?.Length ?? 0;
        if (_room < 0)
            _problems.Error(place, "with their variables replaced, the values of this file have too many characters",
                "use shorter variables, or fewer");
        if (value?.Length > Longest)
        {
            _problems.Error(place, $"the value of {Quoted.Of(name)} has more than {Longest} characters",
                "give the process a file instead");
            value = null;
        }
        if (value is not null) _found[name] = new Tree.Scalar(place, value, quoted: true);
    }

    private string Raw(int end)
    {
        var value = _text[_at..end];
        Next(end);
        return value;
    }

    private string? Value(int end, Place place)
    {
        while (_at < end && _text[_at] is ' ' or '\t') _at++;
        if (_at < end && _text[_at] is '\'' or '"') return InQuotes(_text[_at++], place);
        var plain = _text[_at..end];
        var comment = plain.StartsWith('#') ? 0 : plain.IndexOf(" #", StringComparison.Ordinal);
        Next(end);
        return Expanded((comment < 0 ? plain : plain[..comment]).Trim(), place);
    }

    private string? InQuotes(char quote, Place place)
    {
        var value = new StringBuilder();
        for (; _at < _text.Length && _text[_at] != quote; _at++)
        {
            if (_text[_at] != '\\' || quote == '\'' || _at + 1 == _text.Length) value.Append(_text[_at]);
            else
                value.Append(_text[++_at] switch
                {
                    'n' => "\n", 'r' => "\r", 't' => "\t", '"' => "\"", '\\' => "\\", '$' => "$$",
                    var other => $"\\{other}",
                });
            // Also after a backslash.
            if (_text[_at] == '\n') (_line, _begun) = (_line + 1, _at + 1);
        }
        if (_at == _text.Length)
        {
            _problems.Error(place, "a quote that begins here is never closed", "close it");
            return null;
        }
        _at++;
        var end = End();
        var rest = _text.AsSpan(_at, end - _at).Trim();
        if (rest.Length > 0 && rest[0] != '#')
            _problems.Error(Here(_at), $"{Quoted.Of(rest.ToString())} follows the closing quote",
                "put all of the value into the quotes");
        Next(end);
        return quote == '\'' ? value.ToString() : Expanded(value.ToString(), place);
    }

    private string? Expanded(string text, Place place) => Interpolation.Expand(text,
        name => _outside(name) ?? _found.GetValueOrDefault(name)?.Text, Longest, place, _problems);

    private int End() => _text.IndexOf('\n', _at) is >= 0 and var end ? end : _text.Length;

    private void Next(int end) => (_at, _line) = (end + 1, _line + 1);

    private Place Here(int at) => new(_file, _line, at - _begun + 1);
}
