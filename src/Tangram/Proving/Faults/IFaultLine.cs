using System.Threading.Channels;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>A drill's way to whoever holds its faults: one process beside it, or injectors on several machines.
/// Disposing ends all faults.</summary>
internal interface IFaultLine : IAsyncDisposable
{
    /// <summary>From now on every answer becomes an event; and so does the loss of a holder, for each fault of it in
    /// <paramref name="open"/>.</summary>
    void Follow(ChannelWriter<DrillEvent> events, Func<IEnumerable<int>> open);

    void Inject(DrillEffect.Inject inject, LoadOptions load);

    void Revert(int fault);
}
