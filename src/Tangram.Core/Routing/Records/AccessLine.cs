using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tangram.Model;

namespace Tangram.Routing.Records;

/// <summary>Writes requests as lines of text, UTF-8. One writer at a time.</summary>
public sealed class AccessLine
{
    private const string Day = "dd/MMM/yyyy:HH:mm:ss", Moment = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private readonly ArrayBufferWriter<byte> _out = new(16 * 1024);
    private readonly Utf8JsonWriter _json;

    public AccessLine() => _json = new Utf8JsonWriter(_out, new JsonWriterOptions
    {
        // For people; what could end a line or a string is escaped all the same, and nobody embeds it in HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true,
    });

    public ReadOnlyMemory<byte> Written => _out.WrittenMemory;

    public void Clear() => _out.ResetWrittenCount();

    public void Add(RequestNote note, AccessLogFormat format, bool query)
    {
        if (format == AccessLogFormat.Combined) Combined(note, query);
        else Json(note, query);
        Plain("\n"u8);
    }

    private void Json(RequestNote note, bool query)
    {
        _json.Reset();
        _json.WriteStartObject();
        Span<byte> time = stackalloc byte[32];
        note.At.ToUniversalTime().TryFormat(time, out var length, Moment, CultureInfo.InvariantCulture);
        _json.WriteString("time"u8, time[..length]);
        _json.WriteString("client"u8, Shown(note.Client));
        _json.WriteString("method"u8, note.Method);
        _json.WriteString("host"u8, note.Host);
        _json.WriteString("path"u8, Target(note, query));
        _json.WriteString("protocol"u8, note.Protocol);
        _json.WriteNumber("status"u8, note.Status);
        _json.WriteNumber("bytes"u8, note.Bytes);
        _json.WriteNumber("duration"u8, Math.Round(note.Took.TotalSeconds, 6));
        _json.WriteString("route"u8, note.Route?.Name);
        _json.WriteString("service"u8, note.Service?.Name.Value);
        _json.WriteString("backend"u8, note.Backend?.Replica.Value);
        _json.WriteString("node"u8, note.Backend?.Node.Value);
        _json.WriteNumber("attempts"u8, note.Attempts);
        _json.WriteString("why"u8, Why(note));
        if (note.TraceParent is { } trace) _json.WriteString("trace_id"u8, TraceContext.TraceId(trace));
        else _json.WriteNull("trace_id"u8);
        _json.WriteString("user_agent"u8, note.UserAgent);
        if (note.Referer is null) _json.WriteNull("referer"u8);
        else _json.WriteString("referer"u8, Cut(note.Referer, query));
        _json.WriteEndObject();
        _json.Flush();
    }

    /// <summary>Why it is not a backend's first answer, in words that are always the same; null when it is.</summary>
    public static string? Why(RequestNote note)
    {
        if (note is { Attempts: <= 1, Reply: null, Status: not 0 } && Quiet(note)) return null;
        var why = new StringBuilder(note.Reply);
        if (note.Reply is null && note.Attempts > 1) why.Append(note.Hedged ? "hedged" : "retried");
        var told = note.Told;
        for (var i = 0; i < told.Length; i++)
        {
            // The answer that the client got is no reason.
            if (i == note.Current && note.Reply is null && Answered(told[i])) continue;
            why.Append(why.Length == 0 ? "" : i == 0 ? ": " : ", ").Append(told[i].Backend.Replica.Value).Append(' ')
                .Append(Word(told[i]));
            if (told[i].Ejected) why.Append(" (ejected)");
        }
        if (note.Attempts > told.Length)
            why.Append(CultureInfo.InvariantCulture, $", and {note.Attempts - told.Length} more");
        if (why.Length == 0 && note.Status is 0 or 499) why.Append("client-left");
        return why.Length == 0 ? null : why.ToString();
    }

    private static bool Quiet(RequestNote note) =>
        note.Status != 499 && (note.Told is not [var only] || Answered(only));

    private static bool Answered(Try attempt) =>
        attempt.Outcome is AttemptOutcome.Answered or AttemptOutcome.ServerError;

    private static string Word(Try attempt) => attempt.Outcome switch
    {
        AttemptOutcome.Answered or AttemptOutcome.ServerError =>
            string.Create(CultureInfo.InvariantCulture, $"answered {attempt.Status}"),
        null => "did not end",
        AttemptOutcome.ClientFault => "lost the client",
        var outcome => BackendFigures.Errors[(int)outcome]!,
    };

    /// <summary>Host, two names that are not known, time, request, status, bytes, Referer and User-Agent, as in
    /// Apache's mod_log_config.</summary>
    private void Combined(RequestNote note, bool query)
    {
        Escaped(Shown(note.Client));
        Plain(" - - ["u8);
        Number(note.At.ToUniversalTime(), Day);
        Plain(" +0000] \""u8);
        Escaped(note.Method);
        Plain(" "u8);
        Escaped(Target(note, query));
        Plain(" "u8);
        Escaped(note.Protocol);
        Plain("\" "u8);
        Number(note.Status == 0 ? 499 : note.Status);
        Plain(" "u8);
        if (note.Bytes == 0) Plain("-"u8);
        else Number(note.Bytes);
        Plain(" \""u8);
        Escaped(Cut(note.Referer, query) is { Length: > 0 } referer ? referer : "-");
        Plain("\" \""u8);
        Escaped(note.UserAgent is { Length: > 0 } agent ? agent : "-");
        Plain("\""u8);
    }

    private static ReadOnlySpan<char> Target(RequestNote note, bool query) => Cut(note.Target, query);

    private static ReadOnlySpan<char> Cut(string? text, bool query)
    {
        var cut = query || text is null ? -1 : text.AsSpan().IndexOfAny('?', '#');
        return cut < 0 ? text : text.AsSpan(0, cut);
    }

    private static string Shown(IPAddress? client) => client is null ? "-"
        : (client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client).ToString();

    private void Plain(ReadOnlySpan<byte> bytes) => _out.Write(bytes);

    private void Number<T>(T number, string? format = null) where T : IUtf8SpanFormattable
    {
        number.TryFormat(_out.GetSpan(64), out var length, format, CultureInfo.InvariantCulture);
        _out.Advance(length);
    }

    /// <summary>As Apache does since 2.0.46: a quote and a backslash have one before them, and of what no terminal
    /// prints the byte is named, so that nothing that a client sends ends a field or a line.</summary>
    private void Escaped(ReadOnlySpan<char> text)
    {
        var span = _out.GetSpan(text.Length * 12);
        var length = 0;
        foreach (var c in text)
        {
            if (c is >= ' ' and <= '~' and not ('"' or '\\'))
            {
                span[length++] = (byte)c;
                continue;
            }
            span[length++] = (byte)'\\';
            var known = "\b\n\r\t\v\"\\".IndexOf(c, StringComparison.Ordinal);
            if (known >= 0) span[length++] = (byte)"bnrtv\"\\"[known];
            else length = Hex(c, span, length);
        }
        _out.Advance(length);
    }

    /// <summary>Headers are read as Latin-1, so a character is a byte; others as their bytes in UTF-8.</summary>
    private static int Hex(char c, Span<byte> span, int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes[0] = (byte)c;
        var count = c <= 0xFF ? 1 : Encoding.UTF8.GetBytes([c], bytes);
        for (var i = 0; i < count; i++)
        {
            if (i > 0) span[length++] = (byte)'\\';
            span[length++] = (byte)'x';
            span[length++] = (byte)"0123456789abcdef"[bytes[i] >> 4];
            span[length++] = (byte)"0123456789abcdef"[bytes[i] & 15];
        }
        return length;
    }
}
