using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

/// <summary>Devices and types of requests: the table of what is recognized.</summary>
public sealed class ClientKindTests
{
    private const string Chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";

    [Theory]
    [InlineData(Chrome, DeviceClass.Desktop)]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
        DeviceClass.Desktop)]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; rv:143.0) Gecko/20100101 Firefox/143.0", DeviceClass.Desktop)]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Mobile/15E148 Safari/604.1",
        DeviceClass.Mobile)]
    [InlineData("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
        DeviceClass.Mobile)]
    [InlineData("Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", DeviceClass.Mobile)]
    [InlineData("Shop/7 CFNetwork/1568 Darwin/24.0.0", DeviceClass.Mobile)]
    [InlineData("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
        DeviceClass.Tablet)]
    [InlineData("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", DeviceClass.Tablet)]
    [InlineData("Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 Silk/120 like Chrome/120 Safari/537.36",
        DeviceClass.Tablet)]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", DeviceClass.Bot)]
    [InlineData("Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Chrome/140 Mobile (compatible; Googlebot/2.1)",
        DeviceClass.Bot)]
    [InlineData("curl/8.5.0", DeviceClass.Bot)]
    [InlineData("", DeviceClass.Bot)]
    public void A_device_is_what_its_user_agent_says(string agent, DeviceClass device) =>
        Assert.Equal(device, Device(("User-Agent", agent)));

    [Fact]
    public void Client_hints_say_more_than_a_user_agent()
    {
        Assert.Equal(DeviceClass.Mobile, Device(("User-Agent", Chrome), ("Sec-CH-UA-Mobile", "?1")));
        Assert.Equal(DeviceClass.Desktop, Device(("User-Agent", Chrome), ("Sec-CH-UA-Mobile", "?0")));
        Assert.Equal(DeviceClass.Tablet, Device(("User-Agent", Chrome), ("Sec-CH-UA-Mobile", "?0"),
            ("Sec-CH-UA-Platform", "\"Android\"")));
        Assert.Equal(DeviceClass.Bot, Device());
    }

    [Theory]
    [InlineData("GET", "/orders", "Accept: */*", RequestType.Api)]
    [InlineData("GET", "/orders", "Accept: text/html,*/*;q=0.8", RequestType.Page)]
    [InlineData("GET", "/orders", "Sec-Fetch-Dest: document", RequestType.Page)]
    [InlineData("GET", "/app.JS", "Accept: */*", RequestType.Asset)]
    [InlineData("GET", "/image", "Sec-Fetch-Dest: image", RequestType.Asset)]
    [InlineData("POST", "/app.js", "Accept: */*", RequestType.Api)]
    [InlineData("POST", "/files", "Content-Type: multipart/form-data; boundary=x", RequestType.Upload)]
    [InlineData("PUT", "/files/1", "Content-Type: image/png", RequestType.Upload)]
    [InlineData("PATCH", "/files/1", "Upload-Offset: 0", RequestType.Upload)]
    [InlineData("POST", "/orders", "Content-Type: application/json", RequestType.Api)]
    [InlineData("POST", "/shop.Orders/List", "Content-Type: application/grpc+proto", RequestType.Grpc)]
    public void A_type_is_what_a_request_looks_like(string method, string path, string header, RequestType type)
    {
        var parts = header.Split(": ", 2);
        var request = new PlainRequest("h", path) { Method = method, Headers = [(parts[0], parts[1])] };
        Assert.Equal(type, RequestTypes.Of(request));
        Assert.Equal(RequestType.WebSocket, RequestTypes.Of(request with { IsWebSocket = true }));
    }

    private static DeviceClass Device(params (string, string)[] headers) =>
        Devices.Of(new PlainRequest("h", "/") { Headers = headers });
}
