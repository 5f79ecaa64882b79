using System.Diagnostics;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Bench;

/// <summary>How fast the planner decides: from nothing, and after the loss of one node. The whole of
/// <see cref="Planner.Diff"/> is measured, from state to steps; every result is checked by
/// <see cref="PlacementValidator"/>.</summary>
internal static class PlanningBench
{
    private const int Runs = 7;
    private const double Goal = 50_000;
    private static readonly TimeSpan LossGoal = TimeSpan.FromMilliseconds(100);

    public static int Run()
    {
        var state = PlanningScenario.Build(seed: 1);
        var (nothing, plan) = Median(() => Planner.Diff(state, PlanningFacts.None));
        var starts = plan.Steps.OfType<Step.Start>().ToList();
        var wrong = PlacementValidator.Check(state, starts.Select(s => (s.Node, s.Service)));

        var running = PlanningScenario.Running(state, plan);
        var lost = PlanningScenario.WithoutNode(running, 1_234);
        var (loss, repair) = Median(() => Planner.Diff(lost, PlanningFacts.None));
        var gone = lost.Nodes[NodeName.Of("node-1234")].Assignments.Count;
        var replaced = repair.Steps.OfType<Step.Start>().ToList();
        wrong.AddRange(PlacementValidator.Check(lost, starts.Where(s => s.Node.Value != "node-1234").Concat(replaced)
            .Select(s => (s.Node, s.Service))));
        if (replaced.Count != gone) wrong.Add($"{replaced.Count} of {gone} lost replicas were replaced");

        var rate = starts.Count / nothing.TotalSeconds;
        Console.WriteLine($"from nothing   {starts.Count,8:N0} replicas  {nothing.TotalMilliseconds,8:N0} ms  " +
                          $"{rate,10:N0} placements/s (goal {Goal:N0})");
        Console.WriteLine($"one node lost  {replaced.Count,8:N0} replicas  {loss.TotalMilliseconds,8:N0} ms  " +
                          $"(goal {LossGoal.TotalMilliseconds:N0} ms)");
        Console.WriteLine(wrong.Count == 0
            ? "the validator found nothing wrong"
            : $"WRONG: {wrong.Count}: {string.Join("; ", wrong.Take(5))}");
        return wrong.Count == 0 && rate >= Goal && loss <= LossGoal ? 0 : 1;
    }

    private static (TimeSpan, Plan) Median(Func<Plan> plan)
    {
        plan();
        plan();
        var times = new List<TimeSpan>();
        var last = Plan.Nothing;
        for (var i = 0; i < Runs; i++)
        {
            var watch = Stopwatch.StartNew();
            last = plan();
            times.Add(watch.Elapsed);
        }
        return (times.Order().ElementAt(Runs / 2), last);
    }
}
