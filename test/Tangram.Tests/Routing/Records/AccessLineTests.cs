using System.Text.Json;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Records;

namespace Tangram.Tests.Routing.Records;

public sealed class AccessLineTests
{
    private readonly RoutedService _service = Routed.Service(3);
    private readonly GatewayFigures _figures = new();

    [Fact]
    public void Json_says_where_a_request_went() => Assert.Equal(
        """
        {"time":"2026-11-29T12:40:24.056Z","client":"203.0.113.9","method":"GET","host":"shop.local",
        "path":"/api/orders","protocol":"HTTP/1.1","status":200,"bytes":2326,"duration":0.0015,
        "route":"shop.local/api","service":"order","backend":"order-1","node":"a-1","attempts":1,"why":null,
        "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","user_agent":"Mozilla/5.0","referer":"http://shop.local/cart"}
        """.ReplaceLineEndings("") + "\n",
        Notes.Line(Notes.Of(_service, _figures, 200, Notes.Answered()), AccessLogFormat.Json));

    [Theory]
    [InlineData(0, "24.000Z")]
    [InlineData(1, "24.000Z")]
    [InlineData(9_990_000, "24.999Z")]
    public void Json_tells_the_time_in_milliseconds(int ticks, string end)
    {
        var note = Notes.Of(_service, _figures);
        note.At = new DateTimeOffset(2026, 11, 29, 12, 40, 24, TimeSpan.Zero).AddTicks(ticks);
        Assert.Contains($"\"time\":\"2026-11-29T12:40:{end}\"", Notes.Line(note, AccessLogFormat.Json));
    }

    [Fact]
    public void Combined_is_what_Apache_writes() => Assert.Equal(
        "203.0.113.9 - - [29/Nov/2026:12:40:24 +0000] \"GET /api/orders HTTP/1.1\" 200 2326 " +
        "\"http://shop.local/cart\" \"Mozilla/5.0\"\n",
        Notes.Line(Notes.Of(_service, _figures, 200, Notes.Answered()), AccessLogFormat.Combined));

    [Fact]
    public void Queries_are_there_when_they_are_asked_for()
    {
        var note = Notes.Of(_service, _figures);
        foreach (var format in Enum.GetValues<AccessLogFormat>())
        {
            Assert.DoesNotContain("secret", Notes.Line(note, format));
            Assert.Contains("/api/orders?token=secret", Notes.Line(note, format, query: true));
            Assert.Contains("/cart?session=secret", Notes.Line(note, format, query: true));
        }
    }

    [Fact]
    public void Nothing_that_a_client_sends_ends_a_field_or_a_line()
    {
        var hostile = new string([.. Enumerable.Range(0, 256).Select(c => (char)c), '\u2028', '\ud800']);
        var note = Notes.Of(_service, _figures);
        (note.UserAgent, note.Referer, note.Host, note.Method) = (hostile, hostile, hostile, hostile);
        note.Target = "/" + hostile;
        var combined = Notes.Line(note, AccessLogFormat.Combined, query: true);
        Assert.Equal(combined.Length - 1, combined.IndexOf('\n'));
        Assert.All(combined[..^1], c => Assert.InRange(c, ' ', '~'));
        Assert.Equal(6, combined.Replace("\\\\", "").Replace("\\\"", "").Count(c => c == '"'));
        var json = Notes.Line(note, AccessLogFormat.Json, query: true);
        Assert.Equal(json.Length - 1, json.IndexOf('\n'));
        Assert.DoesNotContain(json[..^1], char.IsControl);
        using var read = JsonDocument.Parse(json);
        Assert.StartsWith(hostile[..256], read.RootElement.GetProperty("user_agent").GetString());
    }

    [Fact]
    public void Combined_escapes_as_Apache_does()
    {
        var note = Notes.Of(_service, _figures);
        note.UserAgent = "a\"b\\c\nd\te\u0001\u007f\u00e9";
        Assert.Contains("\"a\\\"b\\\\c\\nd\\te\\x01\\x7f\\xe9\"\n", Notes.Line(note, AccessLogFormat.Combined));
    }

    [Fact]
    public void What_is_not_there_is_a_dash_or_null()
    {
        var note = new RequestNote();
        note.Begin(Routed.Start, _figures);
        note.At = Notes.At;
        note.Finish(499, Routed.Start, _figures);
        Assert.Equal("- - - [29/Nov/2026:12:40:24 +0000] \"  \" 499 - \"-\" \"-\"\n",
            Notes.Line(note, AccessLogFormat.Combined));
        Assert.Contains("\"route\":null,\"service\":null,\"backend\":null,\"node\":null,\"attempts\":0," +
            "\"why\":\"client-left\",\"trace_id\":null,\"user_agent\":null,\"referer\":null}",
            Notes.Line(note, AccessLogFormat.Json));
    }

    [Fact]
    public void Why_tells_what_led_to_another_attempt()
    {
        Assert.Null(AccessLine.Why(Notes.Of(_service, _figures, 200, Notes.Answered())));
        Assert.Null(AccessLine.Why(Notes.Of(_service, _figures, 500, Notes.Answered(500))));
        Assert.Equal("retried: order-1 answered 503, order-2 refused (ejected)",
            AccessLine.Why(Notes.Of(_service, _figures, 200, Notes.Answered(503),
                new Attempt(AttemptOutcome.NeverSent), Notes.Answered())));
        Assert.Equal("order-1 cut",
            AccessLine.Why(Notes.Of(Routed.Service(1), _figures, 200, new Attempt(AttemptOutcome.Cut))));
    }

    [Fact]
    public void Why_tells_the_gateways_own_word_and_what_led_to_it()
    {
        var note = Notes.Of(Routed.Service(1), _figures, 504, new Attempt(AttemptOutcome.TimedOut));
        note.Reply = "timed-out";
        Assert.Equal("timed-out: order-1 timed-out", AccessLine.Why(note));
        note = Notes.Of(_service, _figures, 503);
        note.Reply = "breaker-open";
        Assert.Equal("breaker-open", AccessLine.Why(note));
    }

    [Fact]
    public void Of_many_attempts_the_first_are_told()
    {
        var attempts = Enumerable.Repeat(new Attempt(AttemptOutcome.NeverSent), 6).Append(Notes.Answered()).ToArray();
        var why = AccessLine.Why(Notes.Of(Routed.Service(8), _figures, 200, attempts));
        Assert.StartsWith("retried: order-1 refused", why);
        Assert.EndsWith("order-4 refused (ejected), and 3 more", why);
    }
}
