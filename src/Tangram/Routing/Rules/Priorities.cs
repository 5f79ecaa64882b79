using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>Of which class a request is.</summary>
internal static class Priorities
{
    /// <summary>Believed of trusted callers, and taken from others, so that a service may pass on what it
    /// gets.</summary>
    public const string Header = "Tangram-Priority";

    /// <param name="trusted">What its caller says is believed.</param>
    /// <param name="ofRoute">What holds when it says nothing.</param>
    public static PriorityClass Settle(HttpRequest request, bool trusted, PriorityClass? ofRoute)
    {
        if (trusted && Read(request.Headers[Header]) is { } told) return told;
        if (ofRoute is { } @class)
        {
            request.Headers[Header] = @class switch
            {
                PriorityClass.High => "high",
                PriorityClass.Low => "low",
                _ => "normal",
            };
            return @class;
        }
        if (!trusted) request.Headers.Remove(Header);
        return PriorityClass.Normal;
    }

    private static PriorityClass? Read(string? text) => text switch
    {
        "high" => PriorityClass.High,
        "normal" => PriorityClass.Normal,
        "low" => PriorityClass.Low,
        _ => null,
    };
}
