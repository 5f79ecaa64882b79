using Tangram.Cli;
using Tangram.Proving.Reports;

namespace Tangram.Proving;

/// <summary>The files that a load leaves behind. That they can be written is known before it begins.</summary>
internal sealed class LoadOutputs
{
    private readonly ReportFile? _report, _hdr;

    /// <summary>Throws <see cref="CommandFailure"/>.</summary>
    /// <param name="names">Of the kinds of requests.</param>
    /// <param name="read">Files that the command reads.</param>
    public LoadOutputs(
        string? report, string? hdr, IEnumerable<string> names, Surroundings around, params string?[] read)
    {
        _report = ReportFile.For(report, "--report", around, read);
        _hdr = ReportFile.For(hdr, "--hdr", around, [report, .. read]);
        if (_hdr is not null) Log = new LatencyLog([.. names]);
    }

    /// <summary>To be filled by the run; null when nobody asked for one.</summary>
    public LatencyLog? Log { get; }

    public void Write(LoadResult result)
    {
        try { _report?.Write(LoadPage.Of(result)); }
        finally { _hdr?.Write(stream => Log!.Write(stream, result.StartedAt)); }
    }
}
