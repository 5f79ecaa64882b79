using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Every <c>${name}</c> of our own file is known when its step comes: given by the scenario, by data, or
/// extracted before.</summary>
public static class VariableChecks
{
    public static void Check(Scenario scenario, IReadOnlyList<(DataSpec Spec, DataTable Table)> files,
        ProblemList problems)
    {
        var known = scenario.Variables.Select(v => v.Name).Concat(files.SelectMany(file => file.Table.Columns))
            .ToHashSet(StringComparer.Ordinal);
        var (requests, at) = (scenario.Requests.ToList(), 0);
        foreach (var (step, text, place) in scenario.Texts)
        {
            for (; at < step - 1 && at < requests.Count; at++)
                foreach (var extract in requests[at].Extracts) known.Add(extract.Name);
            foreach (var name in text.Variables.Where(name => !known.Contains(name)))
                problems.Error(place, $"nothing gives ${{{Quoted.Plain(name, 60)}}} a value before this step",
                    NearMiss.Of(name, known) is { } meant ? $"write ${{{meant}}}"
                        : "name it under variables, in a data file, or in extract of an earlier step");
        }
    }
}
