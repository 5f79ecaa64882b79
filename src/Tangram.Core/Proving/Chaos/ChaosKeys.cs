using Tangram.Planning;
using static Tangram.Planning.Section;

namespace Tangram.Proving.Chaos;

/// <summary>The sections of an experiment. What is not honoured is refused by name, never dropped.</summary>
internal static class ChaosKeys
{
    private const string Nobody = "changes nothing here";
    private const string Python = "use a provider of type http or process";

    public static readonly Section Top = new("an experiment",
        Yes("version", "1.0.0"), Yes("title", "how it is called"), Yes("description", "for people"),
        Yes("tags", "for people"), Yes("steady-state-hypothesis", "what must hold before and after"),
        Yes("method", "a list of activities"), Yes("rollbacks", "a list of actions"),
        Yes("configuration", "a map from name to value, or to {type: env, key, default}"),
        Pass("contributions", Nobody), Pass("extensions", Nobody),
        No("secrets", "put them into configuration, as {type: env}"), No("controls", "delete them"),
        No("runtime", "delete it: rollbacks are always played once the method has begun"));

    public static readonly Section Hypothesis = new("steady-state-hypothesis",
        Yes("title", "for people"), Yes("description", "for people"), Yes("probes", "a list of probes"),
        No("controls", "delete them"));

    public static readonly Section Activity = new("an activity",
        Yes("type", "probe or action"), Yes("name", "how it is called"), Yes("provider", "how it is carried out"),
        Yes("tolerance", "of a probe in the hypothesis"), Yes("pauses", "{before, after}, in seconds"),
        Yes("background", "true: the next one does not wait for it"), Yes("ref", "the name of an earlier activity"),
        Pass("description", Nobody), No("controls", "delete them"), No("secrets", "put them into configuration"),
        No("configuration", "put it at the top"));

    public static readonly Section Provider = new("a provider",
        Yes("type", "http or process"), Yes("url", "of http"), Yes("method", "of http; default GET"),
        Yes("headers", "of http"), Yes("expected_status", "of http: another is a failure"),
        Yes("path", "of process: the program"), Yes("arguments", "of process: a text, list or map; of http: a map"),
        Yes("timeout", "in seconds; default 30"),
        No("module", Python), No("func", Python), No("secrets", "put them into configuration"),
        No("max_retries", "delete it: a probe that must be repeated hides what it measures"),
        No("verify_tls", "delete it: certificates are examined"));

    public static readonly Section Pauses = new("pauses",
        Yes("before", "seconds"), Yes("after", "seconds"));

    public static readonly Section Tolerance = new("a tolerance",
        Yes("type", "regex or range"), Yes("pattern", "of regex"), Yes("range", "of range: [least, most]"),
        Yes("target", "of a process: stdout"), No("path", "use a process that answers with one value, such as jq"),
        No("expect", "use a process that answers with one value, such as jq"), No("count", "use a regex"));

    public static readonly Section FromEnvironment = new("a value of configuration",
        Yes("type", "env"), Yes("key", "the variable"), Yes("default", "when it is not set"),
        Pass("env_var_type", Nobody));
}
