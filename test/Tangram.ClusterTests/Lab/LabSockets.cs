using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tangram.ClusterTests.Lab;

/// <summary>Sockets in another network namespace. A socket belongs to the namespace in which it was made, whoever uses
/// it later; so one thread enters, makes it, and ends.</summary>
internal static partial class LabSockets
{
    private const int NetworkNamespace = 0x40000000;

    public static Socket Open(string name) => Open(name, SocketType.Stream);

    public static Socket Open(string name, SocketType type)
    {
        Socket? socket = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var place = File.OpenHandle($"/run/netns/{name}");
                if (SetNamespace(place.DangerousGetHandle().ToInt32(), NetworkNamespace) != 0)
                    throw new InvalidOperationException($"{name}: {Marshal.GetLastPInvokeErrorMessage()}");
                socket = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Unspecified);
                if (type == SocketType.Stream) socket.NoDelay = true;
            }
            catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new InvalidOperationException($"no socket in {name}", failure);
    }

    public static HttpClient Http(string name, TimeSpan timeout) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = Open(name);
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        Timeout = timeout,
    };

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);
}
