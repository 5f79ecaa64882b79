using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>What kind of device a client says it is: a short table over its client hints and its User-Agent, and
/// therefore a guess. An iPad that asks for desktop pages says it is a Mac; televisions and consoles count as
/// desktops.</summary>
/// <remarks>Libraries that tell brands and models apart run hundreds of expressions over each User-Agent. A route needs
/// to know one of four.</remarks>
public static class Devices
{
    private static readonly string[] Bots =
    [
        "bot", "crawl", "spider", "slurp", "headless", "facebookexternalhit", "mediapartners", "lighthouse", "preview",
        "monitor", "curl/", "wget/", "python-", "libwww", "go-http-client", "java/", "httpclient", "scrapy", "axios/",
        "node-fetch",
    ];

    private static readonly string[] Tablets = ["ipad", "tablet", "kindle", "silk/", "playbook"];

    private static readonly string[] Phones =
    [
        "mobi", "iphone", "ipod", "android", "windows phone", "opera mini", "blackberry", "cfnetwork/", "okhttp/",
    ];

    public static DeviceClass Of<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        var agent = request.Header("User-Agent", 0);
        // Whoever does not say what it is, is a program.
        if (string.IsNullOrWhiteSpace(agent) || ContainsAny(agent, Bots)) return DeviceClass.Bot;
        if (request.Header("Sec-CH-UA-Mobile", 0) is { } mobile)
        {
            if (mobile.Trim() == "?1") return DeviceClass.Mobile;
            if (mobile.Trim() == "?0")
                return request.Header("Sec-CH-UA-Platform", 0) is { } platform && Contains(platform, "android")
                    || ContainsAny(agent, Tablets)
                        ? DeviceClass.Tablet
                        : DeviceClass.Desktop;
        }
        if (ContainsAny(agent, Tablets)) return DeviceClass.Tablet;
        if (!ContainsAny(agent, Phones)) return DeviceClass.Desktop;
        // Android says "Mobile" on phones only.
        return Contains(agent, "android") && !Contains(agent, "mobi") ? DeviceClass.Tablet : DeviceClass.Mobile;
    }

    private static bool ContainsAny(string agent, string[] words)
    {
        foreach (var word in words) if (Contains(agent, word)) return true;
        return false;
    }

    private static bool Contains(string agent, string word) =>
        agent.Contains(word, StringComparison.OrdinalIgnoreCase);
}
