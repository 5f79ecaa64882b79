using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Tangram.Routing;

/// <summary>The gateway's listening addresses as configuration that Kestrel follows at run time: an added one is bound, a
/// removed one drained, and the others are left alone.</summary>
internal sealed class Listeners : ConfigurationProvider, IConfigurationSource
{
    private SortedDictionary<string, string> _urls = new(StringComparer.Ordinal);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public IConfiguration AsConfiguration() => new ConfigurationRoot([this]);

    /// <param name="urls">Name to URL, such as <c>http://127.0.0.1:8080</c>.</param>
    /// <returns>False when nothing has changed.</returns>
    public bool Set(SortedDictionary<string, string> urls)
    {
        if (urls.SequenceEqual(_urls)) return false;
        _urls = urls;
        Data = urls.ToDictionary(u => $"Endpoints:{u.Key}:Url", string? (u) => u.Value, StringComparer.OrdinalIgnoreCase);
        OnReload();
        return true;
    }
}
