using System.Text;

namespace Tangram.Coordinating.Etcd;

/// <summary>Where etcd is and how this process speaks to it.</summary>
/// <param name="Endpoints">The members' client URLs, <c>http://HOST:PORT</c> or <c>https://HOST:PORT</c>. The first is
/// preferred at the start.</param>
internal sealed record EtcdOptions(IReadOnlyList<string> Endpoints)
{
    /// <summary>In bytes. It is sent with every key, many times in a transaction.</summary>
    private const int LongestPrefix = 256;

    /// <summary>Stands before every key in etcd, such as <c>/tangram/shop/</c>, so that several clusters share one
    /// etcd. Callers never see it.</summary>
    public string KeyPrefix { get; init; } = "";

    /// <summary>Null for plain text.</summary>
    public EtcdTls? Tls { get; init; }

    /// <summary>Plain text to another machine: whoever is on that network then reads and writes the cluster.</summary>
    public bool AllowPlainText { get; init; }

    /// <summary>From the call to its answer, all repetitions included.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A member that is being connected to must have accepted, and then answered, within this.</summary>
    public TimeSpan OpenPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the member in use is asked for a small linearizable read. HTTP/2 pings would be cheaper, but
    /// etcd closes connections that ping more often than every 5 s.</summary>
    public TimeSpan ProbeEvery { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>A member that leaves a probe unanswered for this long is left. With <see cref="ProbeEvery"/>: a silent
    /// one is left within 1 s.</summary>
    public TimeSpan ProbePatience { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>etcd keeps all history until somebody compacts it. False where somebody else does.</summary>
    public bool Compacts { get; init; } = true;

    /// <summary>What is wrong with these options, each with its remedy. Reads no file.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (Endpoints.Count == 0)
            problems.Add("no etcd endpoint is given: name at least one, such as https://etcd-1:2379");
        foreach (var endpoint in Endpoints)
            if (Problem(endpoint) is { } problem)
                problems.Add($"etcd endpoint '{endpoint}' {problem}");
        if (Encoding.UTF8.GetByteCount(KeyPrefix) > LongestPrefix)
            problems.Add($"etcd's key prefix is longer than {LongestPrefix} bytes: shorten it");
        if (CallTimeout <= TimeSpan.Zero) problems.Add("etcd's call timeout must be positive");
        return problems;
    }

    private string? Problem(string endpoint)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return "is not a URL: write https://HOST:PORT";
        if (uri.PathAndQuery != "/" || uri.UserInfo != "")
            return "has more than a host and a port: write https://HOST:PORT";
        if (uri.Scheme == "http" && Tls is not null)
            return "is plain text although certificates are given: write https://";
        if (uri.Scheme == "http" && !uri.IsLoopback && !AllowPlainText)
            return "is plain text to another machine: use https:// and certificates";
        return null;
    }
}
