using System.Text;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Replaying;

namespace Tangram.Tests.Proving.Replaying;

public sealed class ReplayReaderTests
{
    private const string At = "[30/Nov/2026:13:55:36 +0000]";

    private static ReplayReader Read(string text, bool withUnsafe = false, int piece = int.MaxValue)
    {
        var reader = new ReplayReader(withUnsafe);
        var bytes = Encoding.Latin1.GetBytes(text);
        for (var at = 0; at < bytes.Length; at += piece)
        {
            piece = Math.Min(piece, bytes.Length - at);
            reader.Take(bytes.AsSpan(at, piece));
        }
        reader.End();
        return reader;
    }

    private static string[] Told(ReplayReader reader) => reader.Log() is not { } log ? []
        : [.. Enumerable.Range(0, log.Count).Select(i => $"{log.From + log.At(i):HH:mm:ss.fff} " +
            $"{log.Used[log.Class(i)]} {Encoding.ASCII.GetString(log.Target(i))} {log.Status(i)}")];

    [Theory]
    [InlineData("1.2.3.4 - - [30/Nov/2026:13:55:36 +0000] \"GET /a?b=c HTTP/1.1\" 200 23",
        "13:55:36.000 GET /a?b=c 200")]
    [InlineData("::1 - \\\"x [y [30/Nov/2026:13:55:36 +0130] \"GET / HTTP/2.0\" 304 - \"-\" \"curl\" 0.01 more",
        "12:25:36.000 GET / 304")]
    [InlineData("shop:80 [::1] - - [01/Jan/2026:00:30:00.25 +0100] \"HEAD /x\" - -", "23:30:00.250 HEAD /x 0")]
    [InlineData("- - - [30/Nov/2026:13:55:36 -0200] \"GET /a\\x22b\\\"\\\\ c\\xe9#d HTTP/1.1\" 400 1",
        "15:55:36.000 GET /a\"b\"\\%20c%E9#d 400")]
    [InlineData("- - - [30/Nov/2026:13:55:36 +0000] \"GET HTTP://shop.local?q HTTP/1.1\" 200 1",
        "13:55:36.000 GET /?q 200")]
    [InlineData("- - - [30/Nov/2026:13:55:36 +0000] \"GET https://shop.local:8/a/b HTTP/1.1\" 200 1",
        "13:55:36.000 GET /a/b 200")]
    [InlineData("{\"time\":\"2026-11-30T13:55:36.125Z\",\"client\":\"::1\",\"method\":\"GET\",\"host\":\"h\"," +
        "\"path\":\"/o\",\"status\":499,\"duration\":0.5}",
        "13:55:36.125 GET /o 499")]
    [InlineData("{\"msec\":\"1796046936.500\",\"request\":\"GET /é\\u0022 HTTP/1.1\",\"status\":\"200\"," +
        "\"request_time\":\"0.250\"}",
        "13:55:36.250 GET /%E9\" 200")]
    [InlineData("{\"time_local\":\"30/Nov/2026:13:55:36 +0000\",\"uri\":\"/i\",\"request_uri\":\"/o?a\"," +
        "\"request_method\":\"GET\",\"status\":\"200\"}",
        "13:55:36.000 GET /o?a 200")]
    [InlineData("{\"ts\":1796046936.5,\"request\":{\"method\":\"GET\",\"uri\":\"/c?d\",\"headers\":{" +
        "\"path\":[\"/no\"],\"status\":1}},\"duration\":0.25,\"status\":200}",
        "13:55:36.250 GET /c?d 200")]
    [InlineData("{\"StartUTC\":\"2026-11-30T13:55:36.123456789Z\",\"RequestMethod\":\"GET\",\"RequestPath\":\"/t\"," +
        "\"DownstreamStatus\":200,\"time\":\"2026-11-30T13:55:37Z\"}",
        "13:55:36.123 GET /t 200")]
    public void Lines_as_programs_write_them_are_read(string line, string told)
    {
        // Text is UTF-8 in JSON only; a byte of Latin-1 stands for itself in the other one.
        line = line[0] == '{' ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(line)) : line;
        Assert.Equal([told.Replace("%E9\"", line[0] == '{' ? "%C3%A9\"" : "%E9\"", StringComparison.Ordinal)],
            Told(Read(line)));
    }

    [Theory]
    [InlineData("hello", LogLine.NoTime)]
    [InlineData("- - - [31/Nov/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 200 1", LogLine.NoTime)]
    [InlineData("- - - [30/Nov/2026:24:55:36 +0000] \"GET / HTTP/1.1\" 200 1", LogLine.NoTime)]
    [InlineData("- - - [30/Nov/2026:13:55:36 +0000] GET / HTTP/1.1 200 1", "no request in quotes follows its time")]
    [InlineData("- - - [30/Nov/2026:13:55:36 +0000] \"GET / HTTP/1.1\\\" 200",
        "the quotes around its request do not end")]
    [InlineData("- - - [30/Nov/2026:13:55:36 +0000] \"GET /\" fine", "no status of three digits follows its request")]
    [InlineData("{\"time\":", "it is not JSON, from its byte 9 on")]
    [InlineData("{\"method\":\"GET\",\"path\":\"/\"}", "it has no \"time\" that is one")]
    [InlineData("{\"time\":1,\"level\":\"info\"}", "it has no \"method\", \"path\" and \"status\"")]
    [InlineData("{\"time\":1,\"path\":\"\xff\"}", "a text in it is not UTF-8")]
    public void A_line_that_cannot_be_read_is_told_with_its_place_and_why(string line, string why)
    {
        var reader = Read($"\n- - - {At} \"GET / HTTP/1.1\" 200 1\r\n\r\n{line}\n");
        Assert.Equal((2, 1, 1), (reader.Lines, reader.Unreadable, reader.Requests));
        Assert.Equal([$"warning: a.log:4: {why}", "warning: 1 of 2 lines could not be read, and are left out"],
            reader.Warnings("a.log"));
        Assert.Null(reader.Problem("a.log"));
        Assert.Contains($"a.log:1: {why}", Read(line).Problem("a.log"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_request_or_changes_something_is_counted_and_left_out()
    {
        string[] asked = ["-", "", "\\x16\\x03\\x01", "GET / HTTP/1.1", "POST /o HTTP/1.1", "OPTIONS * HTTP/1.0",
            "CONNECT a:443 HTTP/1.1", "POST /p HTTP/1.1"];
        var text = string.Join('\n', asked.Select(one => $"- - - {At} \"{one}\" 400 1"))
            + $"\n- - - {At} \"GET /ws HTTP/1.1\" 101 1";
        var reader = Read(text);
        Assert.Equal(
            [
                ("POST", 2L), ("for something without a path", 1), ("of other methods than GET, HEAD, OPTIONS, POST, " +
                    "PUT, PATCH, DELETE", 1), ("that became another protocol, such as WebSocket", 1),
                ("without a request", 3),
            ], reader.LeftOut.Select(one => (one.Key, one.Value)));
        Assert.Equal(["GET /", "POST /o", "POST /p"], Told(Read(text, withUnsafe: true)).Select(one => one[13..^4]));
    }

    [Fact]
    public void A_log_with_nothing_to_send_says_so()
    {
        Assert.Equal("a.log is empty: there is nothing to replay", Read("\n \r\n").Problem("a.log"));
        Assert.Equal("a.log has no request that is sent again: 1 POST. --unsafe sends what changes something too, " +
            "without a body", Read($"- - - {At} \"POST / HTTP/1.1\" 200 1").Problem("a.log"));
        Assert.StartsWith("2 of 3 lines of a.log could not be read", Read($"x\ny\n- - - {At} \"GET /\" 200 1")
            .Problem("a.log"));
        Assert.True(Read(new string('x', 2 << 20)).IsHopeless);
        Assert.True(ReplayReader.IsLog(Encoding.ASCII.GetBytes($"x\n- - - {At} \"-\" 408 0\n- - - [30/No")));
        Assert.False(ReplayReader.IsLog("name: shop\ntarget: http://127.0.0.1\n"u8));
        Assert.Contains("longer than 65536 bytes", string.Concat(Read(new string('x', 70_000)).Warnings("a.log")));
        Assert.Contains("its path is longer than 16384 bytes",
            string.Concat(Read($"{At} \"GET /{new string('x', 17_000)}\" 200").Warnings("a.log")));
    }

    [Fact]
    public void Times_that_go_backwards_are_sorted_and_those_of_a_second_are_spread_over_it()
    {
        string Line(string path, int second) => $"- - - [30/Nov/2026:13:55:{second} +0000] \"GET /{path}\" 200 1\n";
        var text = Line("a", 36) + Line("c", 38) + Line("b", 36) + Line("d", 38) + Line("e", 38) + Line("f", 38);
        Assert.Equal(
            [
                "13:55:36.000 GET /a 200", "13:55:36.500 GET /b 200", "13:55:38.000 GET /c 200",
                "13:55:38.250 GET /d 200", "13:55:38.500 GET /e 200", "13:55:38.750 GET /f 200",
            ], Told(Read(text)));
        var log = Read(text).Log()!;
        Assert.Equal((4, TimeSpan.FromSeconds(2.75)), (log.Busiest, log.Lasts));
        Assert.Equal((6, 4, TimeSpan.FromSeconds(1.375)), (log.Played(2, null).Count, log.Played(2, null).Busiest,
            log.Played(2, null).Lasts));
        Assert.Equal(3, log.Played(2, TimeSpan.FromSeconds(1.01)).Count);
        Assert.Equal(1, log.Played(2, TimeSpan.FromTicks(1)).Count);
        // One time with a fraction, and none is known to be whole.
        text += "[30/Nov/2026:13:55:39.5 +0000] \"GET /g\" 200";
        Assert.StartsWith("13:55:38.000 GET /f", Told(Read(text))[5]);
    }

    [Fact]
    public void Answers_are_judged_by_the_log_but_for_a_servers_errors()
    {
        var log = Read(string.Join('\n', ((int[])[200, 404, 404, 500, 302, 200]).Select(status =>
            $"- - - {At} \"GET /\" {status} 1"))).Log()!;
        var (tally, other) = (new ReplayTally(log), new ReplayTally(log));
        bool Ok(ReplayTally by, int index, LoadOutcome outcome) => by.Judge(new(0, index, default, default, default,
            outcome)).Outcome.Ok;
        Assert.Equal([true, true, true, false, true],
            ((int[])[200, 404, 200, 500, 302]).Select((status, i) => Ok(tally, i, LoadOutcome.Answered(status))));
        Assert.False(Ok(other, 5, LoadOutcome.Failed(LoadFailure.Reset, "")));
        Assert.False(Ok(other, 0, LoadOutcome.Failed(LoadFailure.Abandoned, "")));
        Assert.False(Ok(other, 0, LoadOutcome.Answered(404)));
        tally.Add(other);
        var result = tally.Result(new ReplaySource("a.log", log) { Lines = 6, Unreadable = 0 });
        Assert.Equal((6L, 4L, 0.428571, 0.571429), (result.Answered, result.Same, result.LogErrors, result.Errors));
        Assert.Equal([new StatusChange(200, 404, 1), new StatusChange(404, 200, 1)], result.Changed);
        Assert.Equal("4 of 6 answers have the log's status; otherwise 200 → 404: 1, 404 → 200: 1",
            ReplayReport.Lines(result).Last());
    }

    [Fact]
    public void How_long_it_takes_is_said_before()
    {
        ReplaySource Of(string end, double speed)
        {
            var reader = Read($"{At} \"GET /\" 200\n[{end} +0000] \"GET /\" 200\n{At} \"POST /\" 200");
            return ReplaySource.Of("a.log", reader, reader.Log()!.Played(speed, null));
        }
        Assert.Equal(
            [
                "a.log: 2 requests of 2026-11-30 13:55:36 to 16:55:36 UTC, which takes 3 h; at most 1 in a second",
                "left out: 1 POST",
                "the log spans 3 h: --speed 60 takes 3 min, and --duration 3m the first of it",
            ], ReplayReport.Before(Of("30/Nov/2026:16:55:36", 1)));
        Assert.Equal("a.log spans 31 d, 2026-11-30 13:55:36 to 2026-12-31 13:55:36 UTC, and a run takes at most a " +
            "day: say --speed 31 or more, or --duration for its beginning. Its longest time without a request is " +
            "2026-11-30 13:55:36 to 2026-12-31 13:55:36 UTC", Of("31/Dec/2026:13:55:36", 1).Problem());
        Assert.Null(Of("31/Dec/2026:13:55:36", 31).Problem());
        var load = Of("30/Nov/2026:13:55:46", 2).In(new LoadOptions
        {
            Url = new Uri("http://shop/below/"), Rate = 1, Duration = TimeSpan.FromSeconds(1),
        });
        Assert.Equal((0.2, TimeSpan.FromSeconds(5)), (load.Rate, load.Duration));
        Assert.Empty(load.Problems());
        var schedule = new LoadSchedule(load);
        Assert.Equal((2, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)),
            (schedule.Count, schedule.At(1), schedule.At(2)));
        var wire = LoadWire.Of(load, load.Classes[0], "run");
        var into = new byte[wire.MostBytes];
        Assert.Equal("GET /below/ HTTP/1.1\r\nHost: shop\r\n\r\n",
            Encoding.ASCII.GetString(into, 0, wire.Write(1, into)));
    }

    [Fact]
    public void Whatever_a_seed_makes_is_read_or_told_however_it_is_cut()
    {
        string[] good =
        [
            $"1.2.3.4 - - {At} \"GET /a\\x22?b HTTP/1.1\" 200 2 \"-\" \"x\"", $"- - - {At} \"POST /b HTTP/1.1\" 201 -",
            """{"time":"2026-11-30T13:55:36.125Z","method":"GET","path":"/o","status":200,"duration":0.5}""",
            """{"ts":1796046936.5,"request":{"method":"GET","uri":"/c"},"duration":0.25,"status":200}""",
        ];
        string[] pieces = ["[", "]", "\"", "\\", "\\x", "\\u12", "{", "}", ":", ",", "1e999", "-", " ", "\0", "\n",
            "\r", "\xff", "HTTP/1.1", "://", "\\ud800", "/", "99999999999999999999", "http://"];
        for (var seed = 1UL; seed <= 5000; seed++)
        {
            var rng = new Rng(seed);
            var text = string.Join('\n', Enumerable.Range(0, 3).Select(_ => good[rng.Next(good.Length)]));
            for (var changes = 1 + rng.Next(4); changes > 0; changes--)
            {
                var at = rng.Next(text.Length);
                text = rng.Chance(0.6) ? text.Insert(at, pieces[rng.Next(pieces.Length)])
                    : text.Remove(at, Math.Min(1 + rng.Next(8), text.Length - at));
            }
            try
            {
                var (whole, cut) = (Read(text, true), Read(text, true, 1 + rng.Next(20)));
                Assert.Equal(Told(whole), Told(cut));
                Assert.Equal(whole.Warnings("a"), cut.Warnings("a"));
                Assert.Equal(whole.Lines, whole.Unreadable + whole.LeftOut.Values.Sum() + whole.Requests);
                foreach (var line in Told(whole)) Assert.DoesNotContain(line, c => c is < ' ' or > '~');
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}\n{text}");
            }
        }
    }
}
