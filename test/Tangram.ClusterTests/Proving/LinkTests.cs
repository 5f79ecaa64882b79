using System.Net;
using System.Net.Sockets;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.Proving.Faults;

namespace Tangram.ClusterTests.Proving;

/// <summary>Faults of the packets that a machine sends, held where that machine is.</summary>
[Collection(nameof(Alone))]
public sealed class LinkTests
{
    private const int Port = 9100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Packets_are_late_lost_and_cut_off_as_asked_and_ordinary_when_their_holder_is_killed()
    {
        await using var lab = TheLab.Build();
        var (a, b) = (lab.AddMachine("a"), lab.AddMachine("b"));
        using var wire = new Wire(a, b);
        Assert.InRange(wire.Ordinary(), TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        var holder = new Holder(a);
        await holder.SaidAsync("Holds");

        // Late
        await holder.InjectAsync(1, new LinkSpec { Delay = TimeSpan.FromMilliseconds(100) }, b);
        var late = wire.Send(50);
        Assert.Equal(50, late.Count);
        Assert.All(late, took => Assert.True(took >= TimeSpan.FromMilliseconds(100), $"{took}"));
        await holder.RevertAsync(1);

        // Lost
        await holder.InjectAsync(2, new LinkSpec { Loss = 0.3 }, b);
        var came = wire.Send(400).Count;
        Assert.InRange(came, 240, 320);
        await holder.RevertAsync(2);
        Assert.Equal(20, wire.Send(20).Count);

        // Cut, and the holder killed: the kernel takes the way back
        await holder.InjectAsync(3, new LinkSpec { Cut = true }, b);
        Assert.Empty(wire.Send(20));
        var killed = TimeProvider.System.GetTimestamp();
        holder.Kill();
        while (wire.Send(1).Count == 0) Assert.True(TimeProvider.System.GetElapsedTime(killed) < Patience);
        var after = TimeProvider.System.GetElapsedTime(killed);
        Assert.InRange(after, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Figures.Note($"{nameof(LinkTests)}: 100 ms asked, {late.Average(t => t.TotalMilliseconds):0.0} ms measured; " +
            $"30 % asked, {100 - came / 4.0:0.0} % lost; packets came {after.TotalMilliseconds:0} ms after SIGKILL");
        // What is left over is taken away by the watcher.
        await Until.SomeAsync(async () => (await a.RunAsync(Patience, "ip", "rule")).Printed.Contains("5000:")
            ? null : this, Patience, () => "no rule is left");
    }

    /// <summary>A holder in the machine, whose orders come from a file.</summary>
    private sealed class Holder
    {
        private readonly string _orders;
        private readonly LabProcess _process;

        public Holder(LabMachine machine)
        {
            _orders = Path.Combine(machine.Disk, "orders");
            Command.Run("mkfifo", _orders);
            _process = machine.Start("holder", ["/bin/sh", "-c", "exec 3<> \"$1\"; shift; exec \"$@\" <&3", "sh",
                _orders, ShopCluster.Binary, FaultHolder.Command, "lab", "/none", machine.Disk]);
        }

        public async Task InjectAsync(int number, LinkSpec spec, LabMachine to)
        {
            Send(new FaultOrder(number, false, FaultKind.LinkDelay, "a", TimeSpan.FromMinutes(1), [], [])
            {
                Link = new FaultLink(spec, [to.Address.ToString()], [], [], 7),
            });
            await SaidAsync($"\"Number\":{number},\"Word\":\"Injected\"");
        }

        public async Task RevertAsync(int number)
        {
            Send(new FaultOrder(number, true, default, "", TimeSpan.Zero, [], []));
            await SaidAsync($"\"Number\":{number},\"Word\":\"Reverted\"");
        }

        public Task SaidAsync(string words) => Until.SomeAsync(
            () => Task.FromResult(_process.Printed.Contains(words) ? this : null), Patience, () => _process.Tail());

        public void Kill() => _process.Kill();

        private void Send(FaultOrder order) => File.AppendAllText(_orders, FaultJson.Write(order) + "\n");
    }

    /// <summary>Datagrams from one machine to the other.</summary>
    private sealed class Wire : IDisposable
    {
        private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

        private readonly Socket _from, _to;

        public Wire(LabMachine from, LabMachine to)
        {
            (_from, _to) = (from.Datagrams(), to.Datagrams());
            _to.Bind(new IPEndPoint(to.Address, Port));
            _from.Connect(new IPEndPoint(to.Address, Port));
            _to.ReceiveTimeout = (int)Quiet.TotalMilliseconds;
        }

        public TimeSpan Ordinary() => Send(1).Single();

        /// <summary>How long each took that came.</summary>
        public List<TimeSpan> Send(int count)
        {
            var came = new List<TimeSpan>();
            for (var i = 0; i < count; i++) _from.Send(BitConverter.GetBytes(TimeProvider.System.GetTimestamp()));
            try
            {
                for (var bytes = new byte[8]; came.Count < count;)
                {
                    _to.Receive(bytes);
                    came.Add(TimeProvider.System.GetElapsedTime(BitConverter.ToInt64(bytes)));
                }
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut) { }
            return came;
        }

        public void Dispose()
        {
            _from.Dispose();
            _to.Dispose();
        }
    }
}
