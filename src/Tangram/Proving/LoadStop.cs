using System.Runtime.InteropServices;
using Tangram.Cli;

namespace Tangram.Proving;

/// <summary>Ctrl-C, or SIGTERM, while a load runs: the first one asks for the results so far, the second does not wait
/// for them.</summary>
internal sealed class LoadStop : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration _interrupt, _terminate;

    public LoadStop(CancellationToken cancellation)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = !_stop.IsCancellationRequested;
        _stop.Cancel();
    }
}

/// <summary>Tells how far a load is, a line each time.</summary>
internal sealed class LoadLines(Surroundings around) : IProgress<LoadProgress>
{
    public void Report(LoadProgress value) => around.Print(LoadReport.Line(value));
}
