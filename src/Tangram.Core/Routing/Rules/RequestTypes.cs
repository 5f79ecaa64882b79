using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>What kind of request it looks like, by the first of these that fits: a WebSocket's opening; gRPC by its
/// content type; an upload by its content type or by tus; an asset by what the browser says it is for, or by the path's
/// ending; a page when the browser navigates or HTML is accepted; else a call of an API.</summary>
public static class RequestTypes
{
    private static readonly string[] AssetEndings =
    [
        ".css", ".js", ".mjs", ".map", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico", ".woff",
        ".woff2", ".ttf", ".otf", ".wasm", ".mp3", ".mp4", ".webm", ".webmanifest",
    ];

    private static readonly string[] Uploads = ["multipart/form-data", "application/octet-stream", "application/zip",
        "application/offset+octet-stream", "image/", "video/", "audio/"];

    private static readonly string[] AssetDestinations =
        ["script", "style", "image", "font", "audio", "video", "track", "manifest", "worker", "sharedworker"];

    private static readonly string[] PageDestinations = ["document", "iframe", "frame"];

    public static RequestType Of<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        if (request.IsWebSocket) return RequestType.WebSocket;
        var content = request.Header("Content-Type", 0);
        if (Begins(content, "application/grpc")) return RequestType.Grpc;
        var reads = request.Method is "GET" or "HEAD";
        if (!reads && (BeginsWithAny(content, Uploads) || request.Header("Upload-Offset", 0) is not null))
            return RequestType.Upload;
        var destination = request.Header("Sec-Fetch-Dest", 0);
        if (reads && (Is(destination, AssetDestinations) || EndsWithAny(request.Path, AssetEndings)))
            return RequestType.Asset;
        if (Is(destination, PageDestinations)) return RequestType.Page;
        return request.Header("Accept", 0) is { } accept
            && accept.Contains("text/html", StringComparison.OrdinalIgnoreCase)
                ? RequestType.Page
                : RequestType.Api;
    }

    private static bool Begins(string? text, string with) =>
        text is not null && text.StartsWith(with, StringComparison.OrdinalIgnoreCase);

    private static bool BeginsWithAny(string? text, string[] all)
    {
        foreach (var one in all) if (Begins(text, one)) return true;
        return false;
    }

    private static bool Is(string? text, string[] all) => text is not null && all.AsSpan().Contains(text);

    private static bool EndsWithAny(ReadOnlySpan<char> path, string[] all)
    {
        foreach (var one in all) if (path.EndsWith(one, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
