using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Prints the lines of several replicas, told apart by a name in a colour of its own.</summary>
internal sealed class LogPrinter(Surroundings around, Regex? grep, bool json)
{
    // Cyan, yellow, green, magenta, blue, and the bright ones; red is for what was searched for.
    private static readonly int[] Colours = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

    private readonly Lock _gate = new();
    private readonly Dictionary<ReplicaName, int> _colours = [];
    private int _width;

    /// <summary>The names that are known beforehand stand in a column.</summary>
    public void Align(IReadOnlyList<ReplicaName> replicas) =>
        _width = replicas.Select(r => r.Value.Length).DefaultIfEmpty().Max();

    public void Print(ReplicaName replica, string line)
    {
        if (grep?.IsMatch(line) == false) return;
        lock (_gate)
            around.Print(json ? ViewJson.Write(new LogLineView(replica.Value, line))
                : around.Colour ? $"\e[{Colour(replica)}m{replica.Value.PadRight(_width)} |\e[0m {Marked(line)}"
                : $"{replica.Value.PadRight(_width)} | {line}");
    }

    private string Marked(string line) => grep is null ? line : grep.Replace(line, "\e[1;31m$0\e[0m");

    private int Colour(ReplicaName replica)
    {
        if (!_colours.TryGetValue(replica, out var colour))
            _colours[replica] = colour = Colours[_colours.Count % Colours.Length];
        return colour;
    }
}
