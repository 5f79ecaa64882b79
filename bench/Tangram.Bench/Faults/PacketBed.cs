using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Tangram.Bench.Faults;

/// <summary>Two machines, each a network namespace, joined by a wire: what one sends is measured at the other. It takes
/// both away at its end.</summary>
internal sealed partial class PacketBed : IDisposable
{
    public const string From = "tgbench-a", To = "tgbench-b", Receiver = "10.99.77.2";
    private const string Sender = "10.99.77.1";
    private const int NetworkNamespace = 0x40000000, Port = 9100;

    public PacketBed()
    {
        Dispose();
        foreach (var space in (string[])[From, To]) Ip($"netns add {space}");
        Ip($"link add eth0 netns {From} type veth peer name eth0 netns {To}");
        foreach (var (space, address) in ((string, string)[])[(From, Sender), (To, Receiver)])
        {
            Ip($"-n {space} addr add {address}/24 dev eth0");
            Ip($"-n {space} link set eth0 up");
            Ip($"-n {space} link set lo up");
        }
    }

    public void Dispose()
    {
        foreach (var space in (string[])[From, To])
            if (File.Exists($"/run/netns/{space}")) Ip($"netns del {space}");
    }

    /// <summary>Numbered packets of a kilobyte, one after the other, and when each came.</summary>
    public static async Task<Seen> StreamAsync(TimeSpan lasts, double perSecond, Action<double>? at = null)
    {
        using var receiver = In(To, SocketType.Dgram);
        receiver.ReceiveBufferSize = 4 << 20;
        receiver.Bind(new IPEndPoint(IPAddress.Parse(Receiver), Port));
        receiver.ReceiveTimeout = 100;
        using var sender = In(From, SocketType.Dgram);
        await sender.ConnectAsync(IPAddress.Parse(Receiver), Port);
        var (seen, over, wrong) = (new Seen(), false, Wrong());
        var reading = Task.Run(() =>
        {
            var packet = new byte[2000];
            for (var last = Stopwatch.GetTimestamp(); !over || Stopwatch.GetElapsedTime(last).TotalSeconds < 0.7;)
                try
                {
                    receiver.Receive(packet);
                    last = Stopwatch.GetTimestamp();
                    seen.Came.Add((BitConverter.ToInt32(packet), last));
                }
                catch (SocketException) { }
        });
        var (begun, bytes) = (Stopwatch.GetTimestamp(), new byte[1000]);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (Stopwatch.GetElapsedTime(begun) is var passed && passed < lasts)
        {
            at?.Invoke(passed.TotalSeconds);
            for (; seen.Sent.Count < passed.TotalSeconds * perSecond; await sender.SendAsync(bytes))
            {
                BitConverter.TryWriteBytes(bytes, seen.Sent.Count);
                seen.Sent.Add(Stopwatch.GetTimestamp());
            }
            await ticks.WaitForNextTickAsync();
        }
        over = true;
        await reading;
        seen.Corrupt = Wrong() - wrong;
        return seen;
    }

    /// <summary>Bits a second that one connection carries, from its second half second on.</summary>
    public static async Task<double> TcpAsync(TimeSpan lasts)
    {
        using var listener = In(To, SocketType.Stream);
        listener.Bind(new IPEndPoint(IPAddress.Parse(Receiver), Port));
        listener.Listen();
        using var sender = In(From, SocketType.Stream);
        sender.SendTimeout = 1000;
        var accepting = listener.AcceptAsync();
        await sender.ConnectAsync(IPAddress.Parse(Receiver), Port);
        using var receiver = await accepting;
        var reading = Task.Run(() =>
        {
            var (into, begun, from, bytes) = (new byte[1 << 16], Stopwatch.GetTimestamp(), 0L, 0L);
            try
            {
                while (receiver.Receive(into) is > 0 and var n)
                    if (from > 0) bytes += n;
                    else if (Stopwatch.GetElapsedTime(begun).TotalSeconds > 0.5) from = Stopwatch.GetTimestamp();
            }
            catch (SocketException)
            {
                // The sender had enough.
            }
            return from == 0 ? 0 : bytes * 8 / Stopwatch.GetElapsedTime(from).TotalSeconds;
        });
        var (start, piece) = (Stopwatch.GetTimestamp(), new byte[1 << 14]);
        while (Stopwatch.GetElapsedTime(start) < lasts)
            try { sender.Send(piece); }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut) { }
        // What waits is not worth waiting for.
        sender.Close(0);
        return await reading;
    }

    /// <summary>Packets with a wrong checksum that the receiver's kernel has thrown away.</summary>
    private static long Wrong()
    {
        var text = Run("ip", $"netns exec {To} cat /proc/net/snmp");
        var lines = text.Split('\n').Where(line => line.StartsWith("Udp:", StringComparison.Ordinal))
            .Select(line => line.Split(' ')).ToArray();
        return long.Parse(lines[1][Array.IndexOf(lines[0], "InCsumErrors")], CultureInfo.InvariantCulture);
    }

    /// <summary>A socket belongs to the namespace in which it was made; so one thread enters, makes it, and
    /// ends.</summary>
    private static Socket In(string space, SocketType type)
    {
        Socket? socket = null;
        var thread = new Thread(() =>
        {
            using var place = File.OpenHandle($"/run/netns/{space}");
            if (SetNamespace((int)place.DangerousGetHandle(), NetworkNamespace) == 0)
                socket = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Unspecified);
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new InvalidOperationException($"no socket in {space}: run it as root");
    }

    private static void Ip(string words) => Run("ip", words);

    private static string Run(string program, string words)
    {
        using var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} {words}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);
}

/// <summary>What came of a stream.</summary>
internal sealed class Seen
{
    /// <summary>When each packet was sent, by its number.</summary>
    public List<long> Sent { get; } = [];
    public List<(int Number, long At)> Came { get; } = [];

    /// <summary>Thrown away by the receiver's kernel for a wrong checksum.</summary>
    public long Corrupt { get; set; }

    public override string ToString()
    {
        var first = Came.GroupBy(c => c.Number).Select(g => g.First()).ToList();
        var delays = first.Select(c => Stopwatch.GetElapsedTime(Sent[c.Number], c.At).TotalMilliseconds).Order()
            .ToList();
        var lost = Sent.Count - first.Count;
        var words = new StringBuilder();
        words.Append(delays.Count == 0 ? "none came" : string.Create(CultureInfo.InvariantCulture,
            $"delay {delays.Average():0.0} ms, p99 {delays[delays.Count * 99 / 100]:0.0}"));
        Add(lost - Corrupt, lost == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $" lost, {(double)lost / Math.Max(1, Gaps(first)):0.0} in a row"));
        Add(Corrupt, " corrupt");
        Add(Came.Count - first.Count, " twice");
        Add(Overtaken(first), " overtaken");
        return words.ToString();

        void Add(long count, string what)
        {
            if (count > 0) words.Append(CultureInfo.InvariantCulture, $"; {100.0 * count / Sent.Count:0.0} %{what}");
        }
    }

    public double BitsPerSecond => Came.Count < 2 ? 0
        : Came.Count * 1028 * 8 / Stopwatch.GetElapsedTime(Came[0].At, Came[^1].At).TotalSeconds;

    /// <summary>When the last packet was sent, after that moment, that was lost, late, doubled or overtaken: in
    /// seconds.</summary>
    public double LastTrouble(long since, TimeSpan late)
    {
        var (last, highest, times) = (0.0, -1, new int[Sent.Count]);
        foreach (var (number, at) in Came)
        {
            times[number]++;
            if (number < highest || Stopwatch.GetElapsedTime(Sent[number], at) > late) Trouble(number);
            highest = Math.Max(highest, number);
        }
        for (var number = 0; number < times.Length; number++)
            if (times[number] != 1) Trouble(number);
        return last;

        void Trouble(int number) =>
            last = Math.Max(last, Stopwatch.GetElapsedTime(since, Sent[number]).TotalSeconds);
    }

    private int Gaps(List<(int Number, long At)> first)
    {
        var came = first.Select(c => c.Number).ToHashSet();
        return Enumerable.Range(0, Sent.Count).Count(n => !came.Contains(n) && (n == 0 || came.Contains(n - 1)));
    }

    private static int Overtaken(List<(int Number, long At)> first)
    {
        var (highest, count) = (-1, 0);
        foreach (var (number, _) in first)
            if (number < highest) count++;
            else highest = number;
        return count;
    }
}
