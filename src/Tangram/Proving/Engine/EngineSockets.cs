using Tangram.Deploying;

namespace Tangram.Proving.Engine;

/// <summary>Makes sockets, and says what their errors mean.</summary>
internal static unsafe class EngineSockets
{
    public const int UnderWay = 115;

    private const int TooMany = 24, TooManyAll = 23, NoPort = 99, Refused = 111, Reset = 104, Aborted = 103,
        TimedOut = 110, NoNetwork = 101, NoHost = 113, BrokenPipe = 32;

    /// <summary>Begins to connect. Returns the error.</summary>
    public static int Begin(EngineTarget target, byte[]? source, out int descriptor)
    {
        const int Kind = EngineCalls.Stream | EngineCalls.NonBlocking | EngineCalls.CloseOnExec;
        descriptor = EngineCalls.Socket(target.Family, Kind, 0);
        if (descriptor < 0) return Native.Errno;
        var error = Begin(descriptor, target, source);
        if (error is 0 or UnderWay) return error;
        _ = Native.Close(descriptor);
        descriptor = -1;
        return error;
    }

    private static int Begin(int descriptor, EngineTarget target, byte[]? source)
    {
        var yes = 1;
        _ = EngineCalls.SetOption(descriptor, EngineCalls.TcpLevel, EngineCalls.NoDelay, &yes, sizeof(int));
        if (source is not null)
        {
            // The port is chosen when it is known whereto, so that two connections may share one.
            const int Late = EngineCalls.BindAddressNoPort;
            _ = EngineCalls.SetOption(descriptor, EngineCalls.IpLevel, Late, &yes, sizeof(int));
            fixed (byte* from = source)
                if (EngineCalls.Bind(descriptor, from, source.Length) != 0) return Native.Errno;
        }
        fixed (byte* to = target.Address)
            return EngineCalls.Connect(descriptor, to, target.Address.Length) == 0 ? 0 : Native.Errno;
    }

    /// <summary>Of connecting; 0: it is connected.</summary>
    public static int Error(int descriptor)
    {
        var (error, length) = (0, sizeof(int));
        var read = EngineCalls.GetOption(
            descriptor, EngineCalls.SocketLevel, EngineCalls.SocketError, &error, &length);
        return read == 0 ? error : Native.Errno;
    }

    public static (LoadFailure Failure, string What) Failure(int error) => error switch
    {
        Refused => (LoadFailure.Refused, "connection refused"),
        Reset or Aborted or BrokenPipe => (LoadFailure.Reset, "connection reset by the server"),
        TimedOut => (LoadFailure.Timeout, "the other machine is silent"),
        NoNetwork or NoHost => (LoadFailure.Unreachable, "no way to the host"),
        NoPort => (LoadFailure.Other, "no local port is left; more source addresses or fewer connections are needed"),
        TooMany or TooManyAll => (LoadFailure.Other, "no file descriptor is left: raise the limit (ulimit -n)"),
        _ => (LoadFailure.Other, System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(error)),
    };
}
