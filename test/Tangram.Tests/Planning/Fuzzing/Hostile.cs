using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning.Fuzzing;

/// <summary>Values that readers are known to stumble over.</summary>
internal static class Hostile
{
    /// <summary>What the inputs' environment has.</summary>
    public static readonly (string Name, string Value)[] Variables =
    [
        ("A", "a"), ("EMPTY", ""), ("LOOP", "${LOOP}"), ("NESTED", "$A$A${A:-x}"), ("NUMBER", "3"),
        ("LONG", new string('l', 100_000)), ("LINES", "a\nb: c\n"), ("ESCAPE", "\u001b[31m"), ("TREE", "{a: [b]}"),
    ];

    private static readonly string[] Texts =
    [
        "", " ", "~", "null", "true", "yes", "-1", "0", "1", "99999999999999999999", "1e999", "NaN", ".inf", "0x10",
        "0o777", "1_000", "08", "1.5", "2147483648", "65536", "8080:80", "127.0.0.1:81:80", "[::1]:1:2", "1-3:1-3",
        "5m", "1h1h1h", "999999999999d", "1us", "10gb", "1024zb", "99.99%", "100%", "101%",
        "/", "..", "../../..", "/dev/zero", "/proc/self/mem", "~/x", "C:\\x", "a/../b", "//a", "a//b",
        "\n", "a\nb", "\t", "\r\n", "\0", "\u0085", "\u2028", "\uFEFF", "\u202Eabc", "é", "😀", "\ud800", "\uFFFF",
        "\u001b[2J", "'", "\"", "\\", "`", "#", "# a", "- a", "a: b", "{a}", "[a", "&a", "*a", "!x", "%a", "@a", "<<",
        "$", "$$", "$A", "${A", "${}", "${A}", "${NONE}", "${NONE:?}", "${NONE:?why ${A}}", "${A:+${LOOP}}", "${LOOP}",
        "${NESTED}", "${LONG}", "$LONG$LONG$LONG", "${LINES}", "${ESCAPE}", "${TREE}", "${NUMBER}", "${EMPTY:-x}",
        "a=b", "=", "A=", "=b", "a=b=c", "PORT", "TANGRAM_URL_X=1", "http://*:1", "http:/", "tcp", "unix:/x",
        "* * * * *", "0 0 30 2 *", "@daily", "Europe/Berlin", "../../../dev/zero", "web", "db", "default", "node.id==a",
        "service_healthy", "host", "global", "replicated-job", "SIGTERM", "RTMIN+99", "data:/data", "a:b:c:d", "0777",
    ];

    public static string Text(Rng rng) => rng.Next(20) switch
    {
        0 => new string('x', 1 << rng.Next(15)),
        1 => new string("aé\n${"[rng.Next(5)], 1 + rng.Next(300)),
        2 => string.Concat(Enumerable.Repeat("${A:-", 1 + rng.Next(80))) + "x" + new string('}', rng.Next(80)),
        3 => Texts[rng.Next(Texts.Length)] + Texts[rng.Next(Texts.Length)],
        _ => Texts[rng.Next(Texts.Length)],
    };

    private static readonly string[] Known =
        [.. Sections.All.SelectMany(section => section.Keys).Select(key => key.Name).Distinct()];

    public static string Key(Rng rng) => rng.Next(8) switch
    {
        0 => Text(rng),
        1 => "x-" + Text(rng),
        _ => Known[rng.Next(Known.Length)],
    };
}
