namespace Tangram.Observing.Doctoring;

/// <param name="After">As the kernel has it now, read back.</param>
/// <param name="Error">Null when it was set.</param>
internal sealed record SettingOutcome(string? Before, string? After, string? Error);

internal static class KernelSettings
{
    /// <summary>Sets one and reads it back. It holds until the next boot.</summary>
    public static SettingOutcome Apply(KernelSetting setting)
    {
        var before = MachineReading.Text(setting.Path);
        try
        {
            if (before is null) return new SettingOutcome(null, null, "this kernel has no such setting");
            File.WriteAllText(setting.Path, setting.Value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SettingOutcome(before, MachineReading.Text(setting.Path), e.Message.TrimEnd('.'));
        }
        var after = MachineReading.Text(setting.Path);
        return new SettingOutcome(before, after,
            Words(after) == Words(setting.Value) ? null : $"the kernel has made it '{after}'");
    }

    // The kernel writes tabs where it takes spaces.
    private static string Words(string? text) => string.Join(' ', (text ?? "").Split((char[])[' ', '\t', '\n'],
        StringSplitOptions.RemoveEmptyEntries));
}
