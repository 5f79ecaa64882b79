using System.Text.RegularExpressions;

namespace Tangram.ClusterTests.Lab;

/// <summary>Machines on a bridge, invisible from outside: each is a network namespace, and so is the switch between
/// them. Machines lose power, stand still, get slow or full disks; links are cut in both directions or one. When the
/// lab is disposed of, nothing is left; what a killed run left, the next lab removes.</summary>
internal sealed partial class TheLab : IAsyncDisposable
{
    private readonly LabName _name = LabName.Next();
    private readonly LabWires _wires;
    private readonly List<LabMachine> _machines = [];
    private readonly IReadOnlyList<string> _zones;

    private TheLab(IReadOnlyList<string> zones)
    {
        _zones = zones;
        Directory.CreateDirectory(_name.Folder);
        _wires = new LabWires(_name);
    }

    /// <summary>A lab with no machine yet. Skips the test where this host cannot have one.</summary>
    public static TheLab Build(params IReadOnlyList<string> zones)
    {
        Needs.Root();
        foreach (var program in (string[])["ip", "nft", "nsenter", "setsid", "mount", "umount", "mkfs.ext4"])
            Needs.Program(program);
        LabCleaning.SweepStale();
        return new TheLab(zones.Count > 0 ? zones : ["a"]);
    }

    public LabName Name => _name;
    public IReadOnlyList<LabMachine> Machines => _machines;
    public LabMachine this[string name] => _machines.Single(machine => machine.Name == name);

    /// <summary>Address 10.77.ZONE.NUMBER, both counted from 1. The name is unique in the lab.</summary>
    /// <param name="diskBytes">Gives it a disk of its own, which can be filled and slowed; 16 MiB or more.</param>
    public LabMachine AddMachine(string name, string? zone = null, long? diskBytes = null)
    {
        zone ??= _zones[0];
        if (!Names().IsMatch(name)) throw new ArgumentException($"'{name}' is not a name of a machine", nameof(name));
        if (name == "switch" || _machines.Any(machine => machine.Name == name))
            throw new ArgumentException($"there is a {name} already", nameof(name));
        var index = _zones.ToList().IndexOf(zone);
        if (index < 0) throw new ArgumentException($"there is no zone {zone}", nameof(zone));
        var place = (index + 1, _machines.Count(machine => machine.Zone == zone) + 1);
        var added = new LabMachine(_name, _wires, name, zone, place, diskBytes);
        _machines.Add(added);
        return added;
    }

    public void Cut(LabMachine a, LabMachine b) => _wires.Cut(Both([a], [b]));
    public void Heal(LabMachine a, LabMachine b) => _wires.Heal(Both([a], [b]));

    /// <summary>What <paramref name="from"/> sends does not arrive at <paramref name="to"/>; the other way it
    /// does.</summary>
    public void CutOneWay(LabMachine from, LabMachine to) => _wires.Cut([(from.Port, to.Port)]);

    /// <summary>The machines that the zones have now.</summary>
    public void CutZones(string a, string b) => _wires.Cut(Both(In(a), In(b)));
    public void HealZones(string a, string b) => _wires.Heal(Both(In(a), In(b)));

    /// <summary>Reaches nobody and is reached by nobody, and goes on running.</summary>
    public void Isolate(params IEnumerable<LabMachine> machines)
    {
        foreach (var machine in machines) _wires.Cut(Both([machine], _machines.Except([machine])));
    }

    /// <summary>All cuts, not what is off.</summary>
    public void HealAll() => _wires.HealAll();

    public void PowerOffZone(string zone)
    {
        // No link of the zone outlives another one.
        _wires.Unplug(In(zone).Select(machine => machine.Port));
        foreach (var machine in In(zone)) machine.PowerOff();
    }

    /// <summary>Everything inside is killed and taken away, in any state. Throws when something would not go.</summary>
    public ValueTask DisposeAsync()
    {
        var problems = LabCleaning.Remove(_name);
        foreach (var program in _machines.SelectMany(machine => machine.Programs)) program.Dispose();
        return problems.Count == 0
            ? ValueTask.CompletedTask
            : throw new InvalidOperationException($"{_name} left: {string.Join("; ", problems)}");
    }

    private IEnumerable<LabMachine> In(string zone) => _machines.Where(machine => machine.Zone == zone);

    private static IEnumerable<(string, string)> Both(IEnumerable<LabMachine> some, IEnumerable<LabMachine> others) =>
        from a in some
        from b in others
        from pair in ((string, string)[])[(a.Port, b.Port), (b.Port, a.Port)]
        select pair;

    [GeneratedRegex("^[a-z][a-z0-9-]{0,30}$")]
    private static partial Regex Names();
}
