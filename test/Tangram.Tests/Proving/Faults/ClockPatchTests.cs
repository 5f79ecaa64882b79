using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Faults;

/// <summary>What it does to a program that runs NodeFaultTests show.</summary>
public sealed class ClockPatchTests
{
    private static readonly byte[] Vdso = Own();

    [Fact]
    public void The_jumps_lead_behind_the_end_and_all_beside_them_stays()
    {
        Needs.That(RuntimeInformation.ProcessArchitecture == Architecture.X64, "needs x86-64");
        var patch = ClockPatch.Of(Vdso, -3600, out var why);
        Assert.True(patch is not null, why);
        Assert.All(Vdso[patch.CodeAt..], one => Assert.Equal(0, one));
        Assert.Equal(-3600, BinaryPrimitives.ReadInt64LittleEndian(patch.Code));
        Assert.Equal(3, patch.Entries.Distinct().Count());
        for (var i = 0; i < patch.Entries.Count; i++)
        {
            var jump = patch.Jump(i);
            var to = patch.Entries[i] + jump.Length + BinaryPrimitives.ReadInt32LittleEndian(jump.AsSpan(1));
            Assert.Equal(0xE9, jump[0]);
            Assert.InRange(to, patch.CodeAt + 8, patch.CodeAt + patch.Code.Length - 1);
            // A thread about to begin it runs the old or the new, whichever stands there.
            Assert.Equal([false, true, true, true, true, false],
                Enumerable.Range(patch.Entries[i], 6).Select(at => patch.Within(at)));
        }
    }

    [Fact]
    public void What_it_is_not_made_for_is_refused_with_the_reason()
    {
        Assert.Null(ClockPatch.Of([], 1, out var why));
        Assert.Equal("a clock can be moved on x86-64 only", why);
        Needs.That(RuntimeInformation.ProcessArchitecture == Architecture.X64, "needs x86-64");
        var full = Vdso.ToArray();
        full[^1] = 1;
        Assert.Null(ClockPatch.Of(full, 1, out why));
        Assert.Contains("has no room for", why);
        var blind = Vdso.ToArray();
        blind.AsSpan(blind.AsSpan().IndexOf("__vdso_time"u8), 4).Fill((byte)'x');
        Assert.Null(ClockPatch.Of(blind, 1, out why));
        Assert.Equal("its vDSO has no __vdso_time", why);
    }

    [Fact]
    public void Whatever_the_bytes_are_it_patches_within_them_or_says_why_not()
    {
        var rng = new Rng(1);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Vdso.ToArray();
            // In the headers, the symbols or anywhere.
            for (var changes = 1 + rng.Next(5); changes > 0; changes--)
                bytes[rng.Next(rng.Chance(0.5) ? 64 : rng.Chance(0.8) ? 2048 : bytes.Length)] = rng.Chance(0.3)
                    ? (byte)0xFF : (byte)rng.Next(256);
            var text = bytes.AsSpan(0, rng.Chance(0.2) ? rng.Next(bytes.Length) : bytes.Length);
            if (ClockPatch.Of(text, 1, out var why) is not { } patch)
            {
                Assert.NotEqual("", why);
                continue;
            }
            Assert.InRange(patch.CodeAt + patch.Code.Length, 0, text.Length);
            foreach (var entry in patch.Entries) Assert.InRange(entry, 64, text.Length - ClockPatch.JumpLength);
        }
    }

    private static byte[] Own()
    {
        var line = File.ReadLines("/proc/self/maps").First(l => l.EndsWith("[vdso]", StringComparison.Ordinal));
        var bounds = line[..line.IndexOf(' ')].Split('-').Select(word => long.Parse(word, NumberStyles.HexNumber,
            CultureInfo.InvariantCulture)).ToArray();
        using var memory = File.OpenHandle("/proc/self/mem");
        var bytes = new byte[bounds[1] - bounds[0]];
        Assert.Equal(bytes.Length, RandomAccess.Read(memory, bytes, bounds[0]));
        return bytes;
    }
}
