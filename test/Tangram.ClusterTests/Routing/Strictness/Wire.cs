using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Bytes of a socket, by lines and by counts.</summary>
internal sealed class Wire(Socket socket, CancellationToken end)
{
    private readonly byte[] _buffer = new byte[65_536];
    private int _from, _to;

    /// <summary>What has come and was not taken.</summary>
    public string Left => Encoding.Latin1.GetString(_buffer, _from, _to - _from);

    /// <summary>Without its CRLF; null: the end came before.</summary>
    public async Task<string?> LineAsync()
    {
        while (true)
        {
            var at = _buffer.AsSpan(_from, _to - _from).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                var line = Encoding.Latin1.GetString(_buffer, _from, at);
                _from += at + 2;
                return line;
            }
            if (!await FillAsync()) return null;
        }
    }

    /// <summary>False: the end came before.</summary>
    public async Task<bool> TakeAsync(long count, Stream into)
    {
        while (count > 0)
        {
            if (_from == _to && !await FillAsync()) return false;
            var some = (int)Math.Min(count, _to - _from);
            into.Write(_buffer, _from, some);
            (_from, count) = (_from + some, count - some);
        }
        return true;
    }

    /// <summary>True when nothing comes any more.</summary>
    public async Task<bool> EndsAsync()
    {
        _from = _to = 0;
        while (await FillAsync()) _from = _to = 0;
        return true;
    }

    private async Task<bool> FillAsync()
    {
        if (_from == _to) _from = _to = 0;
        if (_to == _buffer.Length)
        {
            _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
            (_to, _from) = (_to - _from, 0);
            if (_to == _buffer.Length) throw new FormatException("a line that is too long");
        }
        try
        {
            var read = await socket.ReceiveAsync(_buffer.AsMemory(_to), end);
            _to += read;
            return read > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
