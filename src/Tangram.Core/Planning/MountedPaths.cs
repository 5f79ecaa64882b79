using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Warns where a service speaks of a path at which only a container would have what it is given.</summary>
internal static class MountedPaths
{
    public static void Warn(ServiceSpec spec, Fields fields)
    {
        foreach (var (path, variable) in Paths(spec))
            foreach (var (key, texts) in Texts(spec))
                if (texts.Any(text => Names(text, path)))
                    fields.Problems.Warn(fields.PlaceOf(key),
                        $"'{key}' speaks of {Quoted.Of(path)}, where a process has nothing mounted",
                        $"it finds that in ${variable}: [sh, -c, 'exec … \"$${variable}\"'] hands it on");
    }

    private static IEnumerable<(string Path, string Variable)> Paths(ServiceSpec spec) =>
        spec.Volumes.Where(v => v.Kind == VolumeKind.Named && v.Target.Length > 1)
            .Select(v => (v.Target.TrimEnd('/'), GrantVariables.OfVolume(v.Name)))
            .Concat(spec.Secrets.Select(s => ($"/run/secrets/{s.Target}", GrantVariables.Of(GrantKind.Secret, s.Name))))
            .Concat(spec.Configs.Select(c => ($"/{c.Target}", GrantVariables.Of(GrantKind.Config, c.Name))));

    private static IEnumerable<(string Key, IEnumerable<string> Texts)> Texts(ServiceSpec spec) =>
    [
        ("entrypoint", spec.Entrypoint), ("command", spec.Command),
        ("environment", spec.Environment.Select(variable => variable.Value)),
        ("healthcheck", spec.Healthcheck?.Test ?? []),
    ];

    /// <summary>Not as a part of a longer name, and not below another folder.</summary>
    private static bool Names(string text, string path)
    {
        for (var at = 0; (at = text.IndexOf(path, at, StringComparison.Ordinal)) >= 0; at++)
        {
            var after = at + path.Length;
            var begins = at == 0 || !Belongs(text[at - 1]);
            if (begins && (after == text.Length || text[after] == '/' || !Belongs(text[after]))) return true;
        }
        return false;
    }

    private static bool Belongs(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '}';
}
