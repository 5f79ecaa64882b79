using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>What a machine says of its share of a fault.</summary>
public enum ShareWord { Injected, Missed, Reverted }

/// <summary>A fault that several machines carry out together. It is injected when all of them have; when one cannot, or
/// is gone, the others are to end their shares, and it is missed.</summary>
/// <param name="lasts">False: it strikes once, and nobody says that it has ended.</param>
public sealed class SharedFault(int number, IReadOnlyList<string> machines, bool lasts)
{
    private readonly Dictionary<string, string> _effects = [], _ends = [];
    private readonly HashSet<string> _gone = [];
    private bool _missed, _told, _over;

    public IReadOnlyList<string> Machines => machines;

    /// <summary>Nothing is to be heard of it any more.</summary>
    public bool Over => _over || _missed;

    /// <summary>Returns what the drill is told now.</summary>
    /// <param name="revert">Gets the machines that shall end their share.</param>
    public IReadOnlyList<DrillEvent> On(string machine, ShareWord word, string what, List<string> revert)
    {
        if (!machines.Contains(machine) || _over) return [];
        switch (word)
        {
            case ShareWord.Injected: _effects.TryAdd(machine, what); break;
            case ShareWord.Reverted: _ends.TryAdd(machine, what); break;
            default: return Miss(machine, what, revert);
        }
        if (_missed)
        {
            if (word == ShareWord.Injected && lasts) revert.Add(machine);
            return [];
        }
        var told = new List<DrillEvent>();
        if (!_told && machines.All(_effects.ContainsKey))
        {
            _told = true;
            told.Add(new DrillEvent.Injected(number, Joined(_effects)));
            _over = !lasts;
        }
        if (_told && machines.All(_ends.ContainsKey))
        {
            _over = true;
            told.Add(new DrillEvent.Reverted(number, Joined(_ends)));
        }
        return told;
    }

    private List<DrillEvent> Miss(string machine, string why, List<string> revert)
    {
        if (!_gone.Add(machine) || _missed || _ends.ContainsKey(machine)) return [];
        _missed = true;
        if (lasts)
            revert.AddRange(machines.Where(m => m != machine && _effects.ContainsKey(m) && !_ends.ContainsKey(m)));
        return [new DrillEvent.Missed(number, machines.Count == 1 ? why : $"{machine}: {why}")];
    }

    private string Joined(Dictionary<string, string> said) => machines.Count == 1 ? said[machines[0]]
        : string.Join("; ", machines.Select(machine => $"{machine}: {said[machine]}"));
}
