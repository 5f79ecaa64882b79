using Tangram.Deploying;

namespace Tangram.ClusterTests.Lab;

/// <summary>Every process in one network namespace, found by the namespace itself: sessions, groups and parents do
/// not matter, and so none can hide.</summary>
/// <param name="net">As <c>/proc/PID/ns/net</c> shows it: <c>net:[INODE]</c>.</param>
internal sealed class NamespaceProcesses(string net)
{
    private const int SigContinue = 18, SigStop = 19;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Throws <see cref="InvalidOperationException"/> when there is no such namespace.</summary>
    public static NamespaceProcesses In(string name) =>
        new(Command.Run("nsenter", $"--net=/run/netns/{name}", "readlink", "/proc/self/ns/net").Trim());

    /// <summary>A process that has ended is in no namespace, zombie or not.</summary>
    public List<int> Pids() =>
        [.. from path in Directory.EnumerateDirectories("/proc")
            let pid = int.TryParse(Path.GetFileName(path.AsSpan()), out var number) ? number : 0
            where pid > 0 && Contains(pid)
            select pid];

    public bool Contains(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/ns/net").LinkTarget == net;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>They stand still before the first of them dies, so that none can notice the death of another.</summary>
    public void KillAll()
    {
        StopAll();
        Repeat(Pids, Native.SigKill, "did not die");
    }

    /// <summary>Returns when every thread of every process stands still. One that waits for a disk in the kernel
    /// stands still when that is over.</summary>
    public void StopAll() => Repeat(
        () => [.. Pids().Where(pid => ProcessStat.Read(pid) is { State: not ('T' or 't' or 'Z' or 'X') })],
        SigStop, "did not stop");

    public void ContinueAll()
    {
        foreach (var pid in Pids()) Native.Kill(pid, SigContinue);
    }

    /// <summary>Again and again, because some may have been forked since we looked.</summary>
    private static void Repeat(Func<List<int>> find, int signal, string otherwise)
    {
        List<int> left = [];
        var done = SpinWait.SpinUntil(() =>
        {
            left = find();
            foreach (var pid in left) Native.Kill(pid, signal);
            return left.Count == 0;
        }, Patience);
        if (!done) throw new InvalidOperationException($"processes {string.Join(", ", left)} {otherwise}");
    }
}
