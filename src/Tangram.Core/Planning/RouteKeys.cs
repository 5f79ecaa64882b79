using static Tangram.Planning.Section;

namespace Tangram.Planning;

/// <summary>What a route may say: see docs/routes.md.</summary>
internal static class RouteKeys
{
    private static readonly Shape Texts = new Shape.OneOrMany(new Shape.Text());

    public static readonly Section Value = new("x-tangram.route.header, cookie and query",
        Yes("exact", "the whole value; a text instead of the map means the same").As(new Shape.Text()),
        Yes("prefix", "how the value begins").As(new Shape.Text()),
        Yes("regex", "an expression that matches somewhere in the value; no look-arounds and no back-references")
            .As(new Shape.Text()),
        Yes("present", "true: it is there, whatever it holds; false: it is not").As(Shape.Flag));

    public static readonly Section Redirect = new("x-tangram.route.redirect",
        Yes("status", "301, 302, 303, 307 (default) or 308").As(new Shape.Whole(301, 308)),
        Yes("scheme", "http or https; default: as it came").As(new Shape.Words("http", "https")),
        Yes("host", "a host name, with :PORT where it has one; default: as it came").As(new Shape.Text()),
        Yes("path", "stands in the place of the route's path; default: as it came").As(new Shape.Text("^/")));

    public static readonly Section Split = new("x-tangram.route.split",
        Yes("to", "a map from service to its share: { order-next: 5% }"),
        Yes("newest", "the share of the newest revision, while there are two").As(Shape.Share),
        Yes("by", "client (default), random, { cookie: NAME } or { header: NAME }: the same one always goes to the " +
            "same side"));

    public static readonly Section RateLimit = new("x-tangram.route.rate_limit",
        Yes("requests", "how many, 1 to 1000000").As(new Shape.Whole(1, TreatmentReader.MostRequests)),
        Yes("per", "in which time; default 1s").As(Shape.Duration),
        Yes("burst", "how many may come at once; default: as many as requests")
            .As(new Shape.Whole(1, TreatmentReader.MostRequests)),
        Yes("by", "client (default), route for all of them together, { cookie: NAME } or { header: NAME }")
            .On("gateways share it, approximately"));

    public static readonly Section Key = new("x-tangram.route.split.by and rate_limit.by",
        Yes("header", "a header's name; requests without it go by the client's address").As(new Shape.Text()),
        Yes("cookie", "a cookie's name; requests without it go by the client's address").As(new Shape.Text()));

    public static readonly Section Mirror = new("x-tangram.route.mirror",
        Yes("to", "the service that gets a copy; its answers are dropped").As(new Shape.Text()),
        Yes("share", "of the requests; default 100%").As(Shape.Share),
        Yes("body", "requests with a longer body are not copied, 0 to 1M; default 64k")
            .As(new Shape.Text(Number: true)));

    public static readonly Section Headers = new("x-tangram.route.request_headers and response_headers",
        Yes("set", "a map from name to value, in the place of what was there"),
        Yes("add", "a map from name to value, beside what is there"),
        Yes("remove", "a name, or a list of names").As(Texts));

    private static readonly SectionKey[] Common =
    [
        Yes("host", "a host name without a port, or *.NAME for everything below it; default: any").As(new Shape.Text()),
        Yes("path", "starts with /; the path itself and what lies below it; default /").As(new Shape.Text("^/")),
        Yes("path_exact", "in the place of path: this path alone").As(new Shape.Text("^/")),
        Yes("path_regex", "an expression that matches somewhere in the path; no look-arounds and no back-references")
            .As(new Shape.Text()),
        Yes("scheme", "http or https").As(new Shape.Words("http", "https")),
        Yes("method", "a method, or a list of them").As(Texts),
        Yes("header", "a map from name to value or condition; all must hold"),
        Yes("cookie", "the same of cookies"),
        Yes("query", "the same of query parameters"),
        Yes("client", "a network such as 10.0.0.0/8, or a list of them").As(Texts),
        Yes("device", "mobile, tablet, desktop or bot, or a list of them: what the client says it is")
            .As(new Shape.OneOrMany(new Shape.Words("mobile", "tablet", "desktop", "bot"))),
        Yes("type", "api, page, asset, upload, websocket or grpc, or a list of them: what the request looks like")
            .As(new Shape.OneOrMany(new Shape.Words("api", "page", "asset", "upload", "websocket", "grpc"))),
        Yes("priority", "0 (default) to 1000: among routes of one host and path the higher is asked first")
            .As(new Shape.Whole(0, 1000)),
        Yes("redirect", "where the client is sent instead").As(new Shape.Of(() => Redirect)),
        Yes("rewrite", "a path that stands in the place of the route's path; / takes it away")
            .As(new Shape.Text("^/")),
        Yes("split", "which share of the requests goes elsewhere").As(new Shape.Of(() => Split)),
        Yes("request_headers", "what changes in the headers for the service").As(new Shape.Of(() => Headers)),
        Yes("response_headers", "what changes in the headers for the client").As(new Shape.Of(() => Headers)),
        Yes("rate_limit", "how many requests are let through; the others are answered 429")
            .As(new Shape.Of(() => RateLimit)),
        Yes("mirror", "which service gets a copy").As(new Shape.Of(() => Mirror)),
        Yes("timeout", "how long it may take until the answer begins, over all attempts; after it, 504")
            .As(Shape.Duration),
        Yes("priority_class", "high, normal (default) or low: who is let in first where the service has an admission")
            .As(new Shape.Words("high", "normal", "low")),
    ];

    public static readonly Section Route = new("x-tangram.route", Common);

    public static readonly Section GatewayRoute = new("x-tangram.gateway.routes",
        [Yes("to", "the service where the route leads; not together with redirect").As(new Shape.Text()), .. Common]);
}
