using System.Globalization;
using System.Text;
using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Replaces <c>$NAME</c> and <c>${NAME}</c>, with <c>:-</c> <c>-</c> <c>:?</c> <c>?</c> <c>:+</c> <c>+</c> and
/// what follows them, in one text. <c>$$</c> is a dollar.</summary>
internal sealed class Interpolation
{
    /// <summary>Variables within the defaults of variables; nobody reads more than two.</summary>
    private const int Deepest = 50;

    private readonly string _text;
    private readonly long _most;
    private readonly Func<string, string?> _variable;
    private readonly Place _place;
    private readonly ProblemList _problems;
    private int _at;

    private Interpolation(
        string text, Func<string, string?> variable, long most, Place place, ProblemList problems) =>
        (_text, _variable, _most, _place, _problems) = (text, variable, most, place, problems);

    /// <summary>Null after a problem was noted.</summary>
    /// <param name="most">Characters that may come of it: variables that hold variables grow fast.</param>
    public static string? Expand(
        string text, Func<string, string?> variable, long most, Place place, ProblemList problems) =>
        text.Contains('$', StringComparison.Ordinal)
            ? new Interpolation(text, variable, most, place, problems).Words(0, needed: true)
            : text;

    /// <param name="depth">Above 0 a closing brace ends it, and is left standing.</param>
    /// <param name="needed">Otherwise it is only passed over: nobody is told that a variable is not set.</param>
    private string? Words(int depth, bool needed)
    {
        if (depth > Deepest) return Wrong($"nests variables more than {Deepest} deep", "use fewer");
        var words = new StringBuilder();
        while (_at < _text.Length && !(depth > 0 && _text[_at] == '}'))
        {
            if (words.Length > _most)
                return Wrong($"grows to more than {_most} characters when its variables are replaced",
                    "use shorter variables, or fewer");
            var c = _text[_at++];
            if (c != '$')
            {
                words.Append(c);
                continue;
            }
            var next = _at < _text.Length ? _text[_at] : ' ';
            if (next == '$')
            {
                _at++;
                words.Append('$');
            }
            else if (next == '{')
            {
                _at++;
                if (Braced(depth, needed) is not { } value) return null;
                words.Append(value);
            }
            else if (Name() is { Length: > 0 } name)
            {
                words.Append(needed ? Known(name) : "");
            }
            else
            {
                return Wrong("has a $ that begins no variable", "write $$ for a dollar, as in sh -c 'exec app $$PORT'");
            }
        }
        return words.ToString();
    }

    private string? Braced(int depth, bool needed)
    {
        var name = Name();
        if (name.Length == 0) return Wrong("has ${ without a variable's name", "write ${NAME}, or $$ for a dollar");
        var colon = Eat(':');
        var kind = _at < _text.Length ? _text[_at] : ' ';
        if (!colon && kind == '}')
        {
            _at++;
            return needed ? Known(name) : "";
        }
        if (kind is not ('-' or '?' or '+'))
            return Wrong($"has ${{{Quoted.Plain(name)} without its }} or with something unknown after the name",
                string.Format(CultureInfo.InvariantCulture, Forms, Quoted.Plain(name, 60)));
        _at++;
        var value = _variable(name);
        if (colon && value is "") value = null;
        var taken = kind == '+' ? value is not null : value is null;
        var begun = _at;
        var words = Words(depth + 1, needed && taken);
        if (words is null) return null;
        if (!Eat('}')) return Wrong($"has ${{{Quoted.Plain(name)} without its }}", "close it");
        if (kind == '?' && taken && needed)
            return Missing(name, words.Length > 0 ? words : _text[begun..(_at - 1)]);
        return taken ? words : kind == '+' || !needed ? "" : value;
    }

    private const string Forms =
        "write ${{{0}}}, ${{{0}:-default}}, ${{{0}:?what is missing}} or ${{{0}:+instead}}";

    private string Known(string name)
    {
        if (_variable(name) is { } value) return value;
        _problems.Warn(_place, $"the variable {Quoted.Of(name)} is not set, and is taken as empty",
            $"set it in the environment or in .env, or write ${{{Quoted.Plain(name)}:-}} if empty is meant");
        return "";
    }

    private string? Missing(string name, string why)
    {
        var said = why.Length > 0 ? $": {Quoted.Of(why)}" : "";
        _problems.Error(_place, $"the variable {Quoted.Of(name)} is required and not set{said}",
            "set it in the environment or in .env");
        return null;
    }

    private string? Wrong(string what, string remedy)
    {
        _problems.Error(_place, $"{Quoted.Of(_text)} {what}", remedy);
        return null;
    }

    private string Name()
    {
        var begun = _at;
        while (_at < _text.Length && (char.IsAsciiLetter(_text[_at]) || _text[_at] == '_'
            || (_at > begun && char.IsAsciiDigit(_text[_at])))) _at++;
        return _text[begun.._at];
    }

    private bool Eat(char c)
    {
        if (_at >= _text.Length || _text[_at] != c) return false;
        _at++;
        return true;
    }
}
