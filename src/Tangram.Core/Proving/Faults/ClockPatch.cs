using System.Buffers.Binary;

namespace Tangram.Proving.Faults;

/// <summary>How the wall clock of one process is moved. Programs read the time from the vDSO, a library of a page or
/// two that the kernel maps into each of them (vdso(7)). Where its functions begin a jump is written, to code behind
/// its end that asks the kernel and adds so many seconds to the wall clock, and nothing to other clocks. To take the
/// jumps away is to write what stands in the vDSO of any other process.</summary>
/// <param name="Code">What is to be written before the jumps, at <paramref name="CodeAt"/> from the vDSO's
/// beginning.</param>
/// <param name="Entries">Where the jumps stand.</param>
public sealed record ClockPatch(int CodeAt, byte[] Code, IReadOnlyList<int> Entries)
{
    /// <summary>Of a jump. No thread may be about to run an instruction within it when it is written.</summary>
    public const int JumpLength = 5;

    /// <summary>Of the ELF header, an entry of the program headers, the dynamic section and the symbols.</summary>
    private const int HeaderLength = 64, SegmentLength = 56, DynamicLength = 16, SymbolLength = 24;

    private const int Executable = 62, Dynamic = 2, StringTable = 5, SymbolTable = 6;
    private const int Align = 64;

    /// <summary>Where the mark stands in <see cref="Code"/>.</summary>
    public const int MarkAt = 8;

    /// <summary>The seconds stand first, then the mark, and then one function after the other.</summary>
    private static readonly (string Symbol, int At, byte[] Code, int AddsAt)[] Functions =
    [
        // int clock_gettime(clockid_t clock, struct timespec *ts): CLOCK_REALTIME, _COARSE and CLOCK_TAI
        ("__vdso_clock_gettime", 64,
        [
            0xB8, 228, 0, 0, 0, 0x0F, 0x05, // mov eax, 228; syscall
            0x85, 0xC0, 0x75, 14, // if (eax != 0) return
            0x85, 0xFF, 0x74, 11, // if (clock == 0) goto add
            0x83, 0xFF, 5, 0x74, 6, // if (clock == 5) goto add
            0x83, 0xFF, 11, 0x74, 1, // if (clock == 11) goto add
            0xC3,
            0x48, 0x8B, 0x0D, 0, 0, 0, 0, 0x48, 0x01, 0x0E, // add: ts->tv_sec += seconds
            0xC3,
        ], 29),
        // int gettimeofday(struct timeval *tv, struct timezone *tz)
        ("__vdso_gettimeofday", 128,
        [
            0xB8, 96, 0, 0, 0, 0x0F, 0x05, // mov eax, 96; syscall
            0x85, 0xC0, 0x75, 15, // if (eax != 0) return
            0x48, 0x85, 0xFF, 0x74, 10, // if (tv == null) return
            0x48, 0x8B, 0x0D, 0, 0, 0, 0, 0x48, 0x01, 0x0F, // tv->tv_sec += seconds
            0xC3,
        ], 19),
        // time_t time(time_t *t)
        ("__vdso_time", 192,
        [
            0x57, 0x31, 0xFF, // push t; edi = 0
            0xB8, 201, 0, 0, 0, 0x0F, 0x05, // mov eax, 201; syscall
            0x5F, // pop t
            0x48, 0x03, 0x05, 0, 0, 0, 0, // rax += seconds
            0x48, 0x85, 0xFF, 0x74, 3, 0x48, 0x89, 0x07, // if (t != null) *t = rax
            0xC3,
        ], 14),
    ];

    /// <summary>Null with the reason, a clause without a stop, when this vDSO is none that it is made for.</summary>
    /// <param name="vdso">Its whole pages.</param>
    /// <param name="seconds">By which the wall clock goes ahead.</param>
    /// <param name="mark">By which it is known whose it is.</param>
    public static ClockPatch? Of(ReadOnlySpan<byte> vdso, long seconds, out string why, long mark = 0)
    {
        why = "";
        if (vdso.Length < HeaderLength || !vdso.StartsWith("\u007fELF\u0002\u0001"u8)
            || BinaryPrimitives.ReadUInt16LittleEndian(vdso[18..]) != Executable)
        {
            why = "a clock can be moved on x86-64 only";
            return null;
        }
        var entries = Functions.Select(_ => -1).ToArray();
        Find(vdso, entries);
        if (entries.Contains(-1))
        {
            why = $"its vDSO has no {Functions[Array.IndexOf(entries, -1)].Symbol}";
            return null;
        }
        var at = (vdso.LastIndexOfAnyExcept((byte)0) + Align) / Align * Align;
        var length = Functions[^1].At + Functions[^1].Code.Length;
        if (at + length > vdso.Length)
        {
            why = $"its vDSO has no room for {length} bytes";
            return null;
        }
        var code = new byte[length];
        BinaryPrimitives.WriteInt64LittleEndian(code, seconds);
        BinaryPrimitives.WriteInt64LittleEndian(code.AsSpan(MarkAt), mark);
        foreach (var (_, begins, bytes, adds) in Functions)
        {
            bytes.CopyTo(code, begins);
            // Beside the instruction pointer, which is behind these four bytes by then.
            BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(begins + adds), -(begins + adds + 4));
        }
        return new ClockPatch(at, code, entries);
    }

    /// <summary>The jump at <see cref="Entries"/> of this number.</summary>
    public byte[] Jump(int entry)
    {
        var jump = new byte[JumpLength];
        jump[0] = 0xE9;
        BinaryPrimitives.WriteInt32LittleEndian(jump.AsSpan(1),
            CodeAt + Functions[entry].At - (Entries[entry] + JumpLength));
        return jump;
    }

    /// <summary>A thread whose next instruction is here would run on in the middle of a jump.</summary>
    public bool Within(long offset) => Entries.Any(entry => offset > entry && offset < entry + JumpLength);

    private static void Find(ReadOnlySpan<byte> elf, Span<int> entries)
    {
        var (symbols, strings) = Tables(elf);
        // The names stand behind the symbols.
        for (var at = symbols; symbols > 0 && at + SymbolLength <= Math.Min(strings, elf.Length); at += SymbolLength)
        {
            var name = strings + Offset(elf, at, 4);
            if (name < 0 || name >= elf.Length) continue;
            var text = elf[(int)name..];
            for (var i = 0; i < Functions.Length; i++)
                if (Is(text, Functions[i].Symbol) && Offset(elf, at + 8, 8) is var entry
                    && entry >= HeaderLength && entry + JumpLength <= elf.Length
                    && Offset(elf, at + 16, 8) >= JumpLength)
                    entries[i] = (int)entry;
        }
    }

    /// <summary>Where the symbols begin, and their names; 0 where it says nothing of them.</summary>
    private static (int Symbols, int Strings) Tables(ReadOnlySpan<byte> elf)
    {
        var (symbols, strings) = (0, 0);
        var headers = Offset(elf, 32, 8);
        if (headers < 0 || headers > elf.Length) return default;
        for (var i = 0; i < Offset(elf, 56, 2); i++)
        {
            var header = headers + i * SegmentLength;
            if (header < 0 || header + SegmentLength > elf.Length) break;
            if (Offset(elf, (int)header, 4) != Dynamic) continue;
            var (from, bytes) = (Offset(elf, (int)header + 8, 8), Offset(elf, (int)header + 32, 8));
            if (from < 0 || bytes < 0 || from > elf.Length || bytes > elf.Length - from) break;
            for (var at = (int)from; at + DynamicLength <= from + bytes; at += DynamicLength)
            {
                var value = Offset(elf, at + 8, 8);
                if (value <= 0 || value >= elf.Length) continue;
                if (Offset(elf, at, 8) == SymbolTable) symbols = (int)value;
                if (Offset(elf, at, 8) == StringTable) strings = (int)value;
            }
        }
        return (symbols, strings);
    }

    private static bool Is(ReadOnlySpan<byte> text, string name)
    {
        if (text.Length <= name.Length || text[name.Length] != 0) return false;
        for (var i = 0; i < name.Length; i++)
            if (text[i] != name[i]) return false;
        return true;
    }

    private static long Offset(ReadOnlySpan<byte> elf, int at, int bytes) => bytes switch
    {
        2 => BinaryPrimitives.ReadUInt16LittleEndian(elf[at..]),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(elf[at..]),
        _ => BinaryPrimitives.ReadInt64LittleEndian(elf[at..]),
    };
}
