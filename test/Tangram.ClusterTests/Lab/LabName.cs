using System.Globalization;
using Tangram.Deploying;

namespace Tangram.ClusterTests.Lab;

/// <summary>The name of one lab: <c>tglab-PID-START-N</c>. It says which process owns it, so that what a crashed run
/// left can be told from what another run is using. Its network namespaces are NAME.MACHINE, its folder has its
/// name.</summary>
internal readonly record struct LabName(int Pid, long StartTime, int Number)
{
    private const string Prefix = "tglab";
    private static int _labs;

    public string Folder => Path.Combine(Path.GetTempPath(), ToString());

    public bool OwnerLives => ProcessStat.Read(Pid) is { Ended: false } stat && stat.StartTime == StartTime;

    public static LabName Next() => new(Environment.ProcessId,
        ProcessStat.Read(Environment.ProcessId)!.Value.StartTime, Interlocked.Increment(ref _labs));

    /// <summary>Of a namespace or a folder; null when it is not a lab's.</summary>
    public static LabName? Of(string text)
    {
        var parts = text.Split('.')[0].Split('-');
        return parts is [Prefix, var pid, var start, var number]
            && int.TryParse(pid, out var p) && long.TryParse(start, out var s) && int.TryParse(number, out var n)
            ? new LabName(p, s, n)
            : null;
    }

    public string Namespace(string machine) => $"{this}.{machine}";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Prefix}-{Pid}-{StartTime}-{Number}");
}
