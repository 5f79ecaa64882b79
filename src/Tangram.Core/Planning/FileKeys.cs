using static Tangram.Planning.Section;

namespace Tangram.Planning;

/// <summary>The sections that lead to other files.</summary>
internal static class FileKeys
{
    public static readonly Section Include = new("include (long form)",
        Yes("path", "a file, or a list of files that are merged; relative to the file that includes them"),
        Yes("project_directory", "where their relative paths start; default: the folder of the first"),
        Yes("env_file", "a file or a list of files with variables for them; default: .env in that folder"));

    public static readonly Section Extends = new("extends (long form)",
        Yes("service", "the service to begin with"),
        Yes("file", "the file that has it; default: this one"));

    public static readonly Section EnvFile = new("env_file (long form)",
        Yes("path", "relative to the file"),
        Yes("required", "default true; with false the file may be missing"),
        Yes("format", "raw: everything after the first = is the value, without quotes, comments or variables"));
}
