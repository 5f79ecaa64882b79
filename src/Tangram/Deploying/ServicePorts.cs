using System.Globalization;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>The loopback port at which each service can be called through the gateway on this machine. Kept in a file,
/// because replicas that outlive a restart of Tangram go on using the address they were started with.</summary>
internal sealed class ServicePorts
{
    private readonly string _file;
    private readonly PortAllocator _allocator;
    private readonly SortedDictionary<ServiceName, int> _ports = [];
    private readonly Lock _gate = new();
    private bool _unwritten;

    public ServicePorts(string folder, PortAllocator allocator)
    {
        (_file, _allocator) = (Path.Combine(folder, "service-ports"), allocator);
        if (!File.Exists(_file)) return;
        foreach (var line in File.ReadAllLines(_file))
        {
            var parts = line.Split(' ');
            var (service, port) = (ServiceName.Of(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture));
            _ports[service] = port;
            _allocator.Hold(Holder(service), port);
        }
    }

    public IReadOnlyDictionary<ServiceName, int> All
    {
        get { lock (_gate) return new SortedDictionary<ServiceName, int>(_ports); }
    }

    /// <summary>Gives a port to each service that has none, durably. Throws <see cref="IOException"/> when none is
    /// free, or when they cannot be written: then they are in force, and the next call writes them.</summary>
    public void Ensure(IEnumerable<ServiceName> services)
    {
        lock (_gate)
        {
            foreach (var service in services.Where(s => !_ports.ContainsKey(s)))
            {
                _ports[service] = _allocator.Allocate(Holder(service)) switch
                {
                    PortAnswer.Allocated answer => answer.Port,
                    PortAnswer.Refused refused => throw new IOException(refused.Because),
                    _ => throw new InvalidOperationException(),
                };
                _unwritten = true;
            }
            if (!_unwritten) return;
            DurableFile.Write(_file, string.Join('\n', _ports.Select(p => $"{p.Key} {p.Value}")));
            _unwritten = false;
        }
    }

    /// <summary><c>TANGRAM_URL_SERVICE</c>: upper case, with '_' for whatever a variable's name cannot hold.</summary>
    public IEnumerable<Variable> Variables() => All.Select(p => new Variable(
        "TANGRAM_URL_" + Names.InVariable(p.Key.Value),
        $"http://127.0.0.1:{p.Value}"));

    private static ReplicaName Holder(ServiceName service) => ReplicaName.Of($"url.{service.Value}");
}
