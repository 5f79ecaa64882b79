using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tangram.Proving.Engine;

/// <summary>The bytes of requests at addresses that stay, for one thread.</summary>
internal sealed unsafe class EngineSpeech
{
    private readonly LoadWire[] _wires;
    private readonly byte[][] _bytes;

    public EngineSpeech(LoadWire[] wires)
    {
        _wires = wires;
        _bytes = [.. wires.Select(wire =>
        {
            var bytes = GC.AllocateArray<byte>(wire.MostBytes, pinned: true);
            wire.Write(0, bytes);
            return bytes;
        })];
    }

    /// <summary>Good until the next request is asked for. Returns how many they are.</summary>
    public int Of(in LoadAsk ask, out byte* first)
    {
        var (wire, bytes) = (_wires[ask.Class], _bytes[ask.Class]);
        first = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes));
        return wire.IsNumbered ? wire.Write(ask.Index, bytes) : wire.Before.Length;
    }
}
