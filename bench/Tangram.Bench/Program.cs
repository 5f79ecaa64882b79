using Tangram.Proving.Simulation;
var from = ulong.Parse(args[0]); var n = int.Parse(args[1]);
for (var s = from; s < from + (ulong)n; s++)
{
    var r = Simulator.Run(s);
    if (!r.Held || n == 1)
    {
        if (n == 1) foreach (var t in r.Trace) Console.WriteLine(t);
        Console.WriteLine($"seed {s}: {string.Join("\n   ", r.Violations.Take(4))}");
    }
    if (n == 1) Console.WriteLine($"{r.Events} events, {r.Simulated}, converged {r.ConvergedAfter}, {r.Commands} cmds {r.Faults} faults {r.Moves} moves");
}
return 0;
