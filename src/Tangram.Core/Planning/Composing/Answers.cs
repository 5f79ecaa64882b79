using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Puts the texts of files into the answers that clients get when no backend is left.</summary>
public static class Answers
{
    public static ClusterSpec Read(
        ClusterSpec spec, IEnumerable<AnswerAsked> asked, IComposeFiles files, ProblemList problems)
    {
        foreach (var one in asked)
        {
            if (files.Bytes(one.Path, DegradeReader.LargestBody, one.Place, problems) is not { } bytes) continue;
            if (!System.Text.Unicode.Utf8.IsValid(bytes))
            {
                problems.Error(one.Place, $"'file' names {Quoted.Plain(one.Path)}, which is not UTF-8",
                    "save the file as UTF-8");
                continue;
            }
            var text = System.Text.Encoding.UTF8.GetString(bytes);
            spec = spec with
            {
                Services = spec.Services.Select(s => s.Name == one.Service ? With(s, text) : s).ToEquatableArray(),
            };
        }
        return spec;
    }

    private static ServiceSpec With(ServiceSpec service, string text) =>
        service.Traffic.Degrade is not { Response: { } response } degrade ? service : service with
        {
            Traffic = service.Traffic with { Degrade = degrade with { Response = response with { Body = text } } },
        };
}
