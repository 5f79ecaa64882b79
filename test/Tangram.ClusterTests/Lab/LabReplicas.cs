using System.Net;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;

namespace Tangram.ClusterTests.Lab;

/// <summary>The replicas that really run, by the kernel's word: what any server says of them may be old.</summary>
internal static class LabReplicas
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>From the replica's name to its process, of those machines that are on.</summary>
    public static SortedDictionary<string, int> Replicas(this IEnumerable<LabMachine> machines)
    {
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var machine in machines.Where(m => m.IsOn))
            foreach (var pid in machine.Pids)
                if (ProcessStat.Read(pid) is { Ended: false } stat && stat.Group == pid && NameOf(pid) is { } name)
                    found[$"{machine.Name} {name}"] = pid;
        return found;
    }

    public static SortedDictionary<string, int> Replicas(this LabMachine machine) => new[] { machine }.Replicas();

    /// <summary>Kills one with SIGKILL and waits until another process of it answers on the same machine. Returns how
    /// long that took.</summary>
    public static async Task<TimeSpan> RestartsAsync(this LabMachine machine, string replica, int pid)
    {
        var begun = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, Native.Kill(pid, Native.SigKill));
        using var http = machine.Http(TimeSpan.FromSeconds(2));
        await Until.SomeAsync(async () =>
        {
            if (!machine.Replicas().TryGetValue(replica, out var next) || next == pid) return null;
            return await AnswersAsync(http, next) ? machine : null;
        }, Patience, () => $"{replica} runs again on {machine.Name}\n{machine.Tail()}");
        return TimeProvider.System.GetElapsedTime(begun);
    }

    private static async Task<bool> AnswersAsync(HttpClient http, int pid)
    {
        var port = Variable(pid, "PORT");
        if (port is null) return false;
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static string? NameOf(int pid) => Variable(pid, ReplicaEnvironment.ReplicaMark);

    private static string? Variable(int pid, string name) => ProcessStat.EnvironmentOf(pid)
        .FirstOrDefault(v => v.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}
