using System.Runtime.InteropServices;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Starts a program in a session of its own, so that it outlives us, with default signal dispositions and an
/// empty mask (.NET itself ignores SIGPIPE, and what is ignored stays so after exec). No descriptor of ours that is not
/// named reaches it: everything that .NET, SQLite and this folder open is closed on exec, and what we inherited
/// ourselves (a lock of the calling script, say, which must not live as long as a replica) is marked so here.
/// </summary>
internal static unsafe class Spawn
{
    private const short SetSignalDefaults = 0x04, SetSignalMask = 0x08, SetSession = 0x80;

    // posix_spawnattr_t is 336 bytes, posix_spawn_file_actions_t 80 and sigset_t 128, in glibc and musl alike.
    private const int AttributesSize = 512, ActionsSize = 256, SignalsSize = 128;

    static Spawn()
    {
        const nuint closeOnExec = 0x5451;
        foreach (var path in Directory.GetFiles("/proc/self/fd"))
            if (int.TryParse(Path.GetFileName(path), out var descriptor) && descriptor > 2)
                Native.Ioctl(descriptor, closeOnExec, null);
    }

    /// <summary>Returns the child's pid, or minus the errno. <paramref name="path"/> is not looked up in PATH. A
    /// missing folder shows as ENOENT too: check it before.</summary>
    /// <param name="passed">Descriptors above 2 that it shall have too, under the same numbers.</param>
    public static int Start(string path, IReadOnlyList<string> argv, IReadOnlyList<Variable> environment,
        string workingDirectory, int input, int output, params ReadOnlySpan<int> passed)
    {
        var strings = new List<nint>();
        byte* attributes = stackalloc byte[AttributesSize];
        byte* actions = stackalloc byte[ActionsSize];
        byte* signals = stackalloc byte[SignalsSize];
        Native.SpawnAttributesInit(attributes);
        Native.SpawnActionsInit(actions);
        try
        {
            Native.SigFillSet(signals);
            Native.SpawnAttributesSetDefaultSignals(attributes, signals);
            Native.SigEmptySet(signals);
            Native.SpawnAttributesSetMask(attributes, signals);
            Native.SpawnAttributesSetFlags(attributes, SetSignalDefaults | SetSignalMask | SetSession);

            Native.SpawnActionsAddDup2(actions, input, 0);
            Native.SpawnActionsAddDup2(actions, output, 1);
            Native.SpawnActionsAddDup2(actions, output, 2);
            // Onto itself: by posix_spawn's definition that only makes it stay open.
            foreach (var descriptor in passed) Native.SpawnActionsAddDup2(actions, descriptor, descriptor);
            Native.SpawnActionsAddChdir(actions, Text(workingDirectory, strings));

            int pid;
            var error = Native.PosixSpawn(&pid, Text(path, strings), actions, attributes,
                Vector(argv, strings), Vector([.. environment.Select(v => $"{v.Name}={v.Value}")], strings));
            return error == 0 ? pid : -error;
        }
        finally
        {
            Native.SpawnActionsDestroy(actions);
            Native.SpawnAttributesDestroy(attributes);
            foreach (var text in strings) Marshal.FreeCoTaskMem(text);
        }
    }

    private static byte* Text(string text, List<nint> owned)
    {
        var copy = Marshal.StringToCoTaskMemUTF8(text);
        owned.Add(copy);
        return (byte*)copy;
    }

    private static byte** Vector(IReadOnlyList<string> texts, List<nint> owned)
    {
        var vector = Marshal.AllocCoTaskMem((texts.Count + 1) * sizeof(nint));
        owned.Add(vector);
        for (var i = 0; i < texts.Count; i++) ((byte**)vector)[i] = Text(texts[i], owned);
        ((byte**)vector)[texts.Count] = null;
        return (byte**)vector;
    }
}
