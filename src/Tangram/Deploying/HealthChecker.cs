using System.Text;
using Microsoft.Win32.SafeHandles;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Runs a healthcheck's test as a process in a session of its own: exit code 0 means healthy. At the timeout
/// its whole group is killed.</summary>
internal sealed class HealthChecker(string clusterId, Poller poller, TimeProvider time)
{
    /// <summary>Of the output, the last bytes that the reason quotes.</summary>
    private const int MostOutput = 512;

    /// <param name="environment">As the replica's own: give the same variables as to
    /// <see cref="ReplicaStart"/>.</param>
    public async Task<ProbeAnswer> CheckAsync(HealthcheckSpec check, ReplicaName replica, string workingDirectory,
        IReadOnlyList<Variable> environment, CancellationToken cancellation)
    {
        if (!Directory.Exists(workingDirectory))
            return ProbeAnswer.No($"the working directory {workingDirectory} of the healthcheck does not exist");
        using var run = new Run(poller);
        var all = ReplicaEnvironment.Of(environment, new Variable(ReplicaEnvironment.ClusterMark, clusterId),
            new Variable(ReplicaEnvironment.ReplicaMark, replica.Value),
            new Variable(ReplicaEnvironment.CheckMark, "1"));
        if (run.Start(check.Test, all, workingDirectory) is { } error) return ProbeAnswer.No(error);
        using var expiry = new CancellationTokenSource(check.Timeout, time);
        await using var late = expiry.Token.Register(run.Kill);
        await using var cancelled = cancellation.Register(run.Kill);
        var status = await run.Ended;
        cancellation.ThrowIfCancellationRequested();
        if (expiry.IsCancellationRequested)
            return ProbeAnswer.No($"the healthcheck did not end within {check.Timeout.TotalSeconds:0.###} s");
        return status == 0 ? ProbeAnswer.Yes : ProbeAnswer.No(Sentence(status, run.Output));
    }

    private static string Sentence(int? status, string output)
    {
        var how = status is { } s && (s & 0x7f) is var signal and not 0
            ? $"was ended by {Signals.Name(signal)}"
            : $"ended with exit code {status >> 8 & 0xff}";
        return $"the healthcheck {how}" + (output.Length > 0 ? $": {output}" : "");
    }

    /// <summary>One run. Its callbacks come on the poller's thread.</summary>
    private sealed class Run(Poller poller) : IDisposable
    {
        private readonly TaskCompletionSource<int?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _gate = new();
        private readonly byte[] _tail = new byte[MostOutput];
        private SafeFileHandle? _output, _pidfd;
        private long _outputToken, _exitToken;
        private int _pid, _filled;

        public Task<int?> Ended => _ended.Task;

        public string Output
        {
            get { lock (_gate) return Encoding.UTF8.GetString(_tail, 0, _filled).ReplaceLineEndings(" ").Trim(); }
        }

        /// <summary>Null, or why it could not be started.</summary>
        public string? Start(IReadOnlyList<string> test, IReadOnlyList<Variable> environment, string workingDirectory)
        {
            if (test.Count == 0) return "the healthcheck has no test";
            var (read, write) = Descriptors.Pipe(nonBlockingRead: true);
            _output = read;
            using var childEnd = write;
            using var nothing = Descriptors.Null();
            var (argv, passed) = Gate.Unguarded("healthcheck", test, environment);
            lock (_gate)
            {
                _pid = Spawn.Start(Gate.Shell, argv, passed, workingDirectory, nothing.Number(), write.Number());
                if (_pid < 0) return $"the healthcheck could not be started (errno {-_pid})";
                var pidfd = Native.PidfdOpen(_pid);
                if (pidfd < 0) throw new IOException($"the healthcheck's process cannot be watched: {Native.Why}");
                _pidfd = new SafeFileHandle(pidfd, ownsHandle: true);
                _outputToken = poller.Add(_output.Number(), Collect);
                _exitToken = poller.Add(pidfd, Finish);
            }
            return null;
        }

        public void Kill()
        {
            // Until it is reaped, its number, and so its group's, cannot be given away.
            lock (_gate)
                if (!_ended.Task.IsCompleted) Native.Kill(-_pid, Native.SigKill);
        }

        public void Dispose()
        {
            lock (_gate)
            {
                poller.Remove(_outputToken);
                poller.Remove(_exitToken);
                _output?.Dispose();
                _pidfd?.Dispose();
            }
        }

        private void Finish()
        {
            lock (_gate)
            {
                if (_ended.Task.IsCompleted || _pidfd!.IsClosed) return;
                ReadOutput();
                // What it left behind must not pile up, run after run.
                Native.Kill(-_pid, Native.SigKill);
                poller.Remove(_exitToken);
                _ended.SetResult(ExitStatus.Reap(_pid));
            }
        }

        private void Collect()
        {
            lock (_gate)
                if (!_output!.IsClosed && !ReadOutput()) poller.Remove(_outputToken);
        }

        // One block: the poller calls again when there is more. False at the end.
        private unsafe bool ReadOutput()
        {
            byte* block = stackalloc byte[4096];
            var read = (int)Native.Read(_output!.Number(), block, 4096);
            if (read <= 0) return read < 0 && Native.Errno == Native.WouldBlock;
            var fresh = new ReadOnlySpan<byte>(block, read);
            if (fresh.Length > MostOutput) fresh = fresh[^MostOutput..];
            var keep = Math.Min(_filled, MostOutput - fresh.Length);
            _tail.AsSpan(_filled - keep, keep).CopyTo(_tail);
            fresh.CopyTo(_tail.AsSpan(keep));
            _filled = keep + fresh.Length;
            return true;
        }
    }
}
