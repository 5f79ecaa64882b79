using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What becomes of the connections to one address.</summary>
public sealed class TcpChoice
{
    private readonly EquatableArray<TcpSpec> _all;
    private readonly ServerNameIndex _names;

    /// <param name="all">Of one address; at least one.</param>
    public TcpChoice(EquatableArray<TcpSpec> all)
    {
        _all = all;
        // The first of the index stands for every name that nobody is for.
        _names = new ServerNameIndex(all.Select(spec => (IEnumerable<string>)(spec.Sni is { } sni ? [sni] : []))
            .Prepend([]));
    }

    /// <summary>Only what the client says first tells where it goes.</summary>
    public bool ReadsName => _all.Any(spec => spec.Sni is not null);

    public bool AcceptsProxy => _all[0].AcceptProxy;

    /// <summary>Null: nobody is for it.</summary>
    public TcpSpec? Choose(string? serverName) => _names.Choose(serverName) is > 0 and var found
        ? _all[found - 1]
        : _all.FirstOrDefault(spec => spec.Sni is null);
}
