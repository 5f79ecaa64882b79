using System.Text.Json;

namespace Tangram.Proving.Replaying;

/// <summary>Lines that are JSON objects: of our own gateway, Caddy, Traefik, and of nginx when they are named after its
/// variables.</summary>
internal static class JsonLine
{
    private enum Part
    {
        /// <summary>When the request came.</summary>
        Began,
        /// <summary>When it was logged, at its end.</summary>
        Ended,
        Took, Method, Target, Request, Status,
    }

    /// <summary>Of several that say the same, the first in this order is believed.</summary>
    private static readonly (byte[] Name, Part Part)[] Keys =
    [
        ([.. "msec"u8], Part.Ended), ([.. "ts"u8], Part.Ended), ([.. "StartUTC"u8], Part.Began),
        ([.. "time"u8], Part.Began), ([.. "@timestamp"u8], Part.Began), ([.. "timestamp"u8], Part.Began),
        ([.. "time_iso8601"u8], Part.Began), ([.. "time_local"u8], Part.Began),
        ([.. "request_time"u8], Part.Took), ([.. "duration"u8], Part.Took),
        ([.. "method"u8], Part.Method), ([.. "request_method"u8], Part.Method), ([.. "RequestMethod"u8], Part.Method),
        ([.. "request_uri"u8], Part.Target), ([.. "path"u8], Part.Target), ([.. "uri"u8], Part.Target),
        ([.. "RequestPath"u8], Part.Target), ([.. "request"u8], Part.Request),
        ([.. "status"u8], Part.Status), ([.. "DownstreamStatus"u8], Part.Status),
    ];

    public static LineRead Read(ReadOnlySpan<byte> line, Span<byte> room, out LogLine read)
    {
        read = default;
        try
        {
            var found = new Found();
            Walk(line, room, ref found);
            return found.Told(ref read);
        }
        catch (JsonException e)
        {
            read.Why = $"it is not JSON, from its byte {(e.BytePositionInLine ?? 0) + 1} on";
        }
        catch (InvalidOperationException)
        {
            read.Why = "a text in it is not UTF-8";
        }
        return LineRead.Unreadable;
    }

    private static void Walk(ReadOnlySpan<byte> line, Span<byte> room, ref Found found)
    {
        var reader = new Utf8JsonReader(line);
        var key = -1;
        // Caddy has the request in an object of its own.
        var within = false;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                key = reader.CurrentDepth == 1 || within && reader.CurrentDepth == 2 ? Key(ref reader) : -1;
                if (reader.CurrentDepth == 1) within = key >= 0 && Keys[key].Part == Part.Request;
                continue;
            }
            if (key < 0 || reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number)) continue;
            var length = reader.TokenType == JsonTokenType.String ? reader.CopyString(room) : 0;
            ReadOnlySpan<byte> value = room[..length];
            if (reader.TokenType == JsonTokenType.String) room = room[length..];
            else value = reader.ValueSpan;
            found.Take(Keys[key].Part, key, value);
            key = -1;
        }
    }

    private static int Key(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < Keys.Length; i++)
            if (reader.ValueTextEquals(Keys[i].Name)) return i;
        return -1;
    }

    private ref struct Found()
    {
        private ReadOnlySpan<byte> _method, _target, _request, _status, _took;
        private int _targetRank = int.MaxValue, _timeRank = int.MaxValue;
        private long _ticks;
        private bool _ended;

        public void Take(Part part, int rank, ReadOnlySpan<byte> value)
        {
            switch (part)
            {
                case Part.Began or Part.Ended:
                    if (rank > _timeRank || !LogTime.TryRead(value, out var ticks)) break;
                    (_ticks, _timeRank, _ended) = (ticks, rank, part == Part.Ended);
                    break;
                case Part.Target when rank < _targetRank:
                    _target = value;
                    _targetRank = rank;
                    break;
                case Part.Took: _took = value; break;
                case Part.Method: _method = value; break;
                case Part.Request: _request = value; break;
                case Part.Status: _status = value; break;
                default: break;
            }
        }

        public readonly LineRead Told(ref LogLine read)
        {
            read.Ticks = _ticks;
            if (_timeRank == int.MaxValue) read.Why = "it has no \"time\" that is one";
            else if (_request.IsEmpty && _method.IsEmpty && _target.IsEmpty && _status.IsEmpty)
                read.Why = "it has no \"method\", \"path\" and \"status\"";
            else if (!_status.IsEmpty && !read.TakeStatus(_status)) read.Why = "its \"status\" has not three digits";
            if (read.Why is not null) return LineRead.Unreadable;
            if (_ended && LogTime.TrySeconds(_took, out var took) && took < 1e6)
                read.Ticks -= (long)(took * TimeSpan.TicksPerSecond);
            if (!_request.IsEmpty && read.TakeRequest(_request)) return LineRead.Request;
            read.Method = _method;
            read.Target = _target;
            return read.IsRequest ? LineRead.Request : LineRead.NoRequest;
        }
    }
}
