using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Lab;

/// <summary>Strikes the shop as a plan says, and heals all of it.</summary>
internal sealed class RandomStrikes(ShopLab shop)
{
    private readonly List<Strike> _open = [];
    private readonly List<(string Node, double From, double To)> _slept = [];

    /// <summary>When machines stood still, by <c>/proc/uptime</c>.</summary>
    public IReadOnlyList<(string Node, double From, double To)> Slept => _slept;

    public async Task StrikeAsync(RandomRound round)
    {
        foreach (var strike in round.Strikes)
        {
            if (_open.Count > 0) await Until.PassedAsync(round.Between);
            _open.Add(strike);
            Strike(strike);
        }
        await Until.PassedAsync(round.Lasting);
    }

    public void HealAll()
    {
        shop.Lab.HealAll();
        foreach (var strike in _open) Heal(strike);
        _open.Clear();
    }

    private void Strike(Strike strike)
    {
        switch (strike.Fault)
        {
            case Fault.PowerOff: shop.PowerOff(shop.Lab[strike.First]); break;
            case Fault.ZonePowerOff: shop.PowerOff(shop.In(strike.First)); break;
            case Fault.EtcdKilled: shop.Lab[strike.First].KillEtcd(); break;
            case Fault.ProgramKilled: Program(shop.Lab[strike.First]).Kill(); break;
            case Fault.Paused: Pause(strike.First); break;
            case Fault.PausedAndCutOff:
                shop.Lab.Isolate(shop.Lab[strike.First]);
                Pause(strike.First);
                break;
            case Fault.CutOff: shop.Lab.Isolate(shop.Lab[strike.First]); break;
            case Fault.CutZones: shop.Lab.CutZones(strike.First, strike.Second); break;
            case Fault.CutOneWay: shop.Lab.CutOneWay(shop.Lab[strike.First], shop.Lab[strike.Second]); break;
        }
    }

    private void Heal(Strike strike)
    {
        switch (strike.Fault)
        {
            case Fault.PowerOff or Fault.ZonePowerOff:
                shop.PowerOn([.. strike.Befallen.Select(name => shop.Lab[name])]);
                break;
            case Fault.EtcdKilled: shop.StartEtcd(shop.Lab[strike.First]); break;
            case Fault.ProgramKilled: shop.StartProgram(shop.Lab[strike.First]); break;
            case Fault.Paused or Fault.PausedAndCutOff:
                shop.Lab[strike.First].Resume();
                var slept = _slept.FindLastIndex(s => s.Node == strike.First);
                _slept[slept] = _slept[slept] with { To = LabSingleton.Uptime() };
                break;
        }
    }

    private void Pause(string machine)
    {
        _slept.Add((machine, LabSingleton.Uptime(), double.PositiveInfinity));
        shop.Lab[machine].Pause();
    }

    private static LabProcess Program(LabMachine machine) => machine.Programs.Last(
        p => p.Name is "tangram server" or "tangram agent" or "tangram gateway" && !p.HasEnded);
}
