using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Every key of a scenario file.</summary>
internal static class ScenarioKeys
{
    public static readonly Section Top = Of("the scenario",
        ("name", "for the report (default: the file's name)"),
        ("target", "where paths begin, such as http://127.0.0.1:8080"),
        ("profile", "how many, over time"),
        ("headers", "sent with every request"),
        ("variables", "known in every ${…}"),
        ("data", "a file, or several, with rows for ${…}"),
        ("think", "after each step, such as 500ms or 1s..3s (default: none)"),
        ("timeout", "of a request (default 10s)"),
        ("cookies", "whether each user keeps them (default true)"),
        ("steps", "what a user does, in order"),
        ("thresholds", "what must hold in the end, as k6 writes it"));

    public static readonly Section Profile = Of("profile",
        ("rate", "iterations begun per second, or stages"),
        ("users", "who each wait for their answers, or stages"),
        ("duration", "how long"),
        ("ramp", "with rate or users: how long it takes to rise from 0 to there"),
        ("step", "steps of a rate"),
        ("spike", "a rate with a peak"),
        ("iterations", "with users: after so many each of them leaves"),
        ("arrivals", "with a rate: even or poisson (default even)"),
        ("seed", "of poisson arrivals (default 1)"));

    public static readonly Section Step = Of("profile.step",
        ("from", "the first rate"), ("to", "the last rate"), ("by", "how much higher each is"),
        ("every", "how long each lasts"));

    public static readonly Section Spike = Of("profile.spike",
        ("base", "the rate before and after"), ("peak", "the rate in between"), ("after", "when it begins"),
        ("lasts", "how long"), ("duration", "how long all of it takes"));

    public static readonly Section Data = Of("data",
        ("file", "CSV with names in its first line, or JSON lines (.jsonl)"),
        ("columns", "names, when the first line has none"),
        ("separator", "one character (default ',')"),
        ("per", "iteration or user (default iteration)"),
        ("pick", "round-robin or random (default round-robin)"),
        ("seed", "of random (default 1)"),
        ("end", "repeat or stop (default repeat)"));

    public static readonly Section Request = Of("a step",
        ("name", "a line of the report (default: the method and path)"),
        ("method", "(default GET, or POST with a body)"),
        ("path", "below target"),
        ("url", "instead of path: the whole of it"),
        ("headers", "for this step"),
        ("query", "names and values, escaped"),
        ("form", "names and values, as a form's"),
        ("body", "as it is sent"),
        ("checks", "what the answer must be"),
        ("extract", "variables for later steps"),
        ("follow", "whether a redirect is followed (default false)"),
        ("timeout", "for this step"),
        ("think", "after this step"),
        ("once", "whether only in a user's first iteration (default false)"));

    public static readonly Section Checks = Of("checks",
        ("status", "200, 2xx or 200-299, or a list of those (default 2xx)"),
        ("header", "names, each with what it contains or a test"),
        ("body", "what it contains, or a test"),
        ("json", "paths, each with what stands there or a test"),
        ("within", "how long the answer may take"));

    public static readonly Section Test = Of("a test",
        ("contains", "a text, or a list of those"),
        ("lacks", "a text, or a list of those, that must not be there"),
        ("equals", "the whole of it"),
        ("matches", "a regular expression, or a list of those, that something in it matches"),
        ("exists", "true: it is there at all; false: it is not"));

    public static readonly Section Extract = Of("extract",
        ("json", "a path in the body"),
        ("regex", "a regular expression over the body, of which the first group is taken"),
        ("header", "a header's name; regex, if given, goes over its value"),
        ("match", "which one, from 1 (default 1), or random"),
        ("default", "when nothing is found; without it the iteration ends there"));

    private static Section Of(string title, params (string Name, string Note)[] keys) =>
        new(title, [.. keys.Select(key => Section.Yes(key.Name, key.Note))]);
}
