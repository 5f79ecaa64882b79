namespace Tangram.ClusterTests.Lab;

/// <summary>The switch of one lab: a bridge in a network namespace of its own, with a port for each machine, and the
/// rules that drop packets between ports. Dropped is silent: no reset, no refusal, no unreachable.</summary>
internal sealed class LabWires
{
    private const string Bridge = "br0";
    private readonly string _namespace;
    private readonly Lock _lock = new();
    private readonly HashSet<(string From, string To)> _cuts = [];
    private readonly HashSet<string> _off = [];
    private readonly List<Plug> _plugs = [];

    private sealed record Plug(string Namespace, string Port, string Address, string Hardware);

    public LabWires(LabName lab)
    {
        _namespace = lab.Namespace("switch");
        Command.Run("ip", "netns", "add", _namespace);
        Command.Feed("ip", $"link set lo up\nlink add {Bridge} type bridge\nlink set {Bridge} up\n",
            "-n", _namespace, "-batch", "-");
        // Before the bridge forwards: what it would have learned or remembered plays no part.
        Rule("""
            table bridge lab {
                set cuts { type ifname . ifname; }
                set off { type ifname; }
                chain forward {
                    type filter hook forward priority 0;
                    iifname @off drop
                    oifname @off drop
                    iifname . oifname @cuts drop
                }
            }
            """);
    }

    /// <summary>Makes the namespace of a machine and connects it. Returns the name of its port.</summary>
    public string Connect(string machine, int zone, int number)
    {
        var plug = new Plug(
            machine, $"p{zone}-{number}", $"10.77.{zone}.{number}", $"02:77:00:00:{zone:x2}:{number:x2}");
        Command.Run("ip", "netns", "add", machine);
        Command.Run("ip", "link", "add", "eth0", "netns", machine, "address", plug.Hardware,
            "type", "veth", "peer", "name", plug.Port, "netns", _namespace);
        Command.Run("ip", "-n", _namespace, "link", "set", plug.Port, "master", Bridge, "up");
        Command.Feed("ip", $"link set lo up\naddr add {plug.Address}/16 dev eth0\nlink set eth0 up\n" +
            string.Concat(_plugs.Select(Known)), "-n", machine, "-batch", "-");
        foreach (var other in _plugs) Command.Feed("ip", Known(plug), "-n", other.Namespace, "-batch", "-");
        _plugs.Add(plug);
        return plug.Port;
    }

    public void Cut(IEnumerable<(string From, string To)> pairs) => Change(() => _cuts.UnionWith(pairs));
    public void Heal(IEnumerable<(string From, string To)> pairs) => Change(() => _cuts.ExceptWith(pairs));
    public void HealAll() => Change(_cuts.Clear);
    public void Unplug(params IEnumerable<string> ports) => Change(() => _off.UnionWith(ports));
    public void PlugIn(string port) => Change(() => _off.Remove(port));

    /// <summary>Hardware addresses are known from the start, or a machine that is gone would be noticed after 3 s: its
    /// neighbours ask for its address in vain, and then connecting fails with "no route to host". Across routers,
    /// as between real zones, nobody says so.</summary>
    private static string Known(Plug plug) =>
        $"neigh replace {plug.Address} lladdr {plug.Hardware} dev eth0 nud permanent\n";

    /// <summary>All rules change at once.</summary>
    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            Rule("flush set bridge lab cuts\nflush set bridge lab off\n" +
                 Add("cuts", _cuts.Select(cut => $"\"{cut.From}\" . \"{cut.To}\"")) +
                 Add("off", _off.Select(port => $"\"{port}\"")));
        }
    }

    private static string Add(string set, IEnumerable<string> elements) =>
        elements.ToList() is { Count: > 0 } all
            ? $"add element bridge lab {set} {{ {string.Join(", ", all)} }}\n"
            : "";

    private void Rule(string text) =>
        Command.Feed("nsenter", text, $"--net=/run/netns/{_namespace}", Needs.Program("nft"), "-f", "-");
}
