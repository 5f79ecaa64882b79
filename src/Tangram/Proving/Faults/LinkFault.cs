using Microsoft.Win32.SafeHandles;

namespace Tangram.Proving.Faults;

/// <summary>What this machine sends passes a bad link, kept in this process. Should that be killed, the kernel takes
/// its device away, and with it the routes into it.</summary>
internal sealed class LinkFault(FaultLink link) : HeldFault
{
    private PacketRoutes? _routes;
    private PacketSwitch? _switch;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        var ways = PacketRoutes.Ways(link);
        PacketRoutes.Sweep();
        var (tun, slot) = Device();
        var routes = new PacketRoutes(slot, ways, link);
        // What a killed one of the same number left.
        routes.Unset();
        var raw = Raw(tun, routes.Mark);
        _switch = new PacketSwitch(tun, raw, link.Spec, link.Seed, routes.Mtu, time);
        _switch.Start();
        Keep(new FaultMend(0, MendKind.Rules));
        _routes = routes;
        routes.Set();
        return Task.FromResult($"what this machine sends to {Whom()} goes through {routes.Device}: {link.Spec}");
    }

    public override Task<string> RevertAsync(TimeProvider time)
    {
        if (_switch is null) return Task.FromResult("no packet was touched");
        // No more come in; what is in goes out.
        _routes?.Unset();
        var counts = _switch.Stop();
        _switch.Dispose();
        return Task.FromResult(counts.ToString());
    }

    private static (SafeFileHandle Tun, int Slot) Device()
    {
        for (var slot = 0; slot < PacketRoutes.Slots; slot++)
            if (PacketNative.OpenTun(PacketRoutes.NameOf(slot)) is { } tun) return (tun, slot);
        throw new FaultMissedException($"{PacketRoutes.Slots} faults of links are in force already, and no more " +
            "may be");
    }

    private static SafeFileHandle Raw(SafeFileHandle tun, uint mark)
    {
        try { return PacketNative.OpenRaw(mark); }
        catch
        {
            tun.Dispose();
            throw;
        }
    }

    private string Whom() => (link.To.Length > 0 ? string.Join(", ", link.To) : "anybody") +
        (link.Ports.Length > 0 ? $", port {string.Join(", ", link.Ports)}" : "") +
        (link.Except.Length > 0 ? $", but not from or to port {string.Join(", ", link.Except)}" : "");
}
