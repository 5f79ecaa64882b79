using static Tangram.Planning.Section;

namespace Tangram.Planning;

internal static class DegradeKeys
{
    public static readonly Section Degrade = new("x-tangram.degrade",
        Yes("zone_latency", "requests leave a zone whose answers take longer than this, a tenth of them each second, " +
            "as far as other zones have room; default 500ms, at most 10s, and off is never. Not with balance hash or " +
            "first").As(new Shape.Or(new Shape.Words("off"), Shape.Duration)),
        Yes("to", "the service that answers when no backend is left").As(new Shape.Text()),
        Yes("stale", "then the last good answer to the same GET, if HTTP lets it be stored and it is no older than " +
            "this; at most 24h, and without it none is kept").As(Shape.Duration),
        Yes("response", "then this answer").As(new Shape.Of(() => Response!)));

    public static readonly Section Response = new("x-tangram.degrade.response",
        Yes("status", "200 to 599; default 503").As(new Shape.Whole(200, 599)),
        Yes("body", "a text").As(new Shape.Text()),
        Yes("file", "instead of body: a file in UTF-8 whose content is part of the revision, at most 64 kB; relative " +
            "to the file").As(new Shape.Text()).On("read where the command runs"),
        Yes("type", "the media type of body; default text/plain, and of a file what its name says")
            .As(new Shape.Text(@"^[\w.+-]+/[\w.+-]+(; *[\w-]+=[\w.-]+)*$")));
}
