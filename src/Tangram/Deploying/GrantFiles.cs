using System.Security.Cryptography;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Keeps what configs and secrets hold, for each service a copy among the files of revisions:
/// <c>configs/TARGET</c>, <c>secrets/TARGET</c>, and <c>key</c>, the random bytes under which prints are made. Since
/// the key is in the copy, neither its hash nor a print says anything to somebody who guesses at a secret.</summary>
internal sealed class GrantFiles(RevisionFiles files)
{
    private const string Key = "key";
    private const int KeyBytes = 32, PrintBytes = 16;
    private static readonly GrantKind[] Kinds = [GrantKind.Config, GrantKind.Secret];

    /// <summary>The service with the hash of its copy and the prints of what is in it. What a revision that is kept has
    /// already is taken from there, so that it does not look changed.</summary>
    /// <param name="keep">Make a copy when there is none; else it has no hash yet.</param>
    /// <returns>Throws <see cref="IOException"/> when the copy cannot be made.</returns>
    public ServiceSpec Given(
        ServiceSpec service, EquatableArray<CarriedContent> contents, ClusterState state, bool keep)
    {
        if (service.Configs.Count + service.Secrets.Count == 0) return service;
        byte[]? key = null;
        foreach (var earlier in Earlier(state, service.Name))
        {
            if (KeyOf(earlier.GrantsHash!) is not { } known) continue;
            key ??= known;
            var same = Printed(service, contents, known);
            if (same.Configs == earlier.Configs && same.Secrets == earlier.Secrets)
                return same with { GrantsHash = earlier.GrantsHash };
        }
        key ??= RandomNumberGenerator.GetBytes(KeyBytes);
        var printed = Printed(service, contents, key);
        return printed with
        {
            GrantsHash = keep ? files.Make(folder => Fill(folder, service, contents, key)) : null,
        };
    }

    /// <summary>What the revisions that are kept gave it, the newest first.</summary>
    private static IEnumerable<ServiceSpec> Earlier(ClusterState state, ServiceName name) => state.Revisions.Values
        .Reverse().Select(r => r.Spec.Find(name)).OfType<ServiceSpec>().Where(s => s.GrantsHash is not null)
        .DistinctBy(s => (s.GrantsHash, s.Configs, s.Secrets));

    private byte[]? KeyOf(string hash)
    {
        try
        {
            return files.Has(hash) ? File.ReadAllBytes(Path.Combine(files.Open(hash), Key)) : null;
        }
        catch (IOException)
        {
            // As if it were not there: a new one is made.
            return null;
        }
    }

    private static ServiceSpec Printed(ServiceSpec service, EquatableArray<CarriedContent> contents, byte[] key)
    {
        EquatableArray<GrantSpec> Of(GrantKind kind) => service.Grants(kind).Select(grant => grant with
        {
            Print = Convert.ToHexStringLower(HMACSHA256.HashData(key, BytesOf(kind, grant, contents).Span)
                .AsSpan(0, PrintBytes)),
        }).ToEquatableArray();
        return service with { Configs = Of(GrantKind.Config), Secrets = Of(GrantKind.Secret) };
    }

    private static void Fill(string folder, ServiceSpec service, EquatableArray<CarriedContent> contents, byte[] key)
    {
        Write(Path.Combine(folder, Key), key, UnixFileMode.UserRead);
        foreach (var kind in Kinds)
        {
            var below = Path.Combine(folder, GrantVariables.FolderOf(kind));
            foreach (var grant in service.Grants(kind))
            {
                var path = Path.GetFullPath(grant.Target, below);
                if (!path.StartsWith(below + '/', StringComparison.Ordinal))
                    throw new IOException($"the target '{grant.Target}' of {grant.Name} leads out of its folder");
                Directory.CreateDirectory(Path.GetDirectoryName(path)!, StateFolder.OwnerOnly);
                Write(path, BytesOf(kind, grant, contents), (UnixFileMode)grant.Mode);
            }
        }
    }

    private static void Write(string path, ReadOnlyMemory<byte> bytes, UnixFileMode mode)
    {
        using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
            file.Write(bytes.Span);
        File.SetUnixFileMode(path, mode & FolderContent.ReadAndExecute | UnixFileMode.UserRead);
    }

    private static ReadOnlyMemory<byte> BytesOf(
        GrantKind kind, GrantSpec grant, EquatableArray<CarriedContent> contents)
    {
        foreach (var content in contents)
            if (content.Kind == kind && content.Name == grant.Name) return content.Content.Bytes;
        var word = kind == GrantKind.Config ? "config" : "secret";
        throw new IOException($"what the {word} '{grant.Name}' holds was not sent with it: " +
                              "is the command older than the daemon?");
    }
}
