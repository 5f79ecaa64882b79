using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>A test of one header, cookie or query parameter, ready to be asked.</summary>
internal sealed class ValueCondition(ValueConditionSpec spec)
{
    private readonly BoundedPattern? _pattern =
        spec.Test == ValueTest.Regex ? BoundedPattern.Make(spec.Value) : null;

    public bool Holds<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        var any = spec.Source switch
        {
            ValueSource.Header => AnyHeader(request),
            ValueSource.Cookie => AnyCookie(request),
            _ => AnyParameter(request),
        };
        return any != (spec.Test == ValueTest.Absent);
    }

    private bool AnyHeader<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        for (var i = 0; request.Header(spec.Name, i) is { } value; i++) if (Passes(value)) return true;
        return false;
    }

    private bool AnyCookie<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        for (var i = 0; request.Header("Cookie", i) is { } header; i++)
            for (var pairs = Pairs.OfCookies(header); pairs.Next();)
                if (pairs.Name.SequenceEqual(spec.Name) && Passes(pairs.Value)) return true;
        return false;
    }

    private bool AnyParameter<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        for (var pairs = Pairs.OfQuery(request.Query); pairs.Next();)
            if (Pairs.Decoded(pairs.Name).SequenceEqual(spec.Name) && Passes(Pairs.Decoded(pairs.Value))) return true;
        return false;
    }

    private bool Passes(ReadOnlySpan<char> value) => spec.Test switch
    {
        ValueTest.Exact => value.SequenceEqual(spec.Value),
        ValueTest.Prefix => value.StartsWith(spec.Value, StringComparison.Ordinal),
        ValueTest.Regex => _pattern!.Matches(value),
        _ => true,
    };
}
