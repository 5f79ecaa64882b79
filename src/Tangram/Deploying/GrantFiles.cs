using System.Security.Cryptography;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Keeps what configs and secrets hold, for each service and the gateways a copy among the files of revisions:
/// <c>configs/TARGET</c>, <c>secrets/TARGET</c>, and <c>key</c>, the random bytes under which prints are made. Since
/// the key is in the copy, neither its hash nor a print says anything to somebody who guesses at a secret.</summary>
internal sealed class GrantFiles(RevisionFiles files)
{
    private const string Key = "key";
    private const int KeyBytes = 32, PrintBytes = 16;
    private static readonly GrantKind[] Kinds = [GrantKind.Config, GrantKind.Secret];

    private sealed record Grants(EquatableArray<GrantSpec> Configs, EquatableArray<GrantSpec> Secrets, string? Hash)
    {
        public static Grants Of(ServiceSpec service) => new(service.Configs, service.Secrets, service.GrantsHash);
        public static Grants Of(TlsSpec tls) => new([], tls.Secrets, tls.GrantsHash);

        public EquatableArray<GrantSpec> All(GrantKind kind) => kind == GrantKind.Config ? Configs : Secrets;
    }

    /// <summary>The service with the hash of its copy and the prints of what is in it. What a revision that is kept has
    /// already is taken from there, so that it does not look changed.</summary>
    /// <param name="keep">Make a copy when there is none; else it has no hash yet.</param>
    /// <returns>Throws <see cref="IOException"/> when the copy cannot be made.</returns>
    public ServiceSpec Given(
        ServiceSpec service, EquatableArray<CarriedContent> contents, ClusterState state, bool keep)
    {
        var given = Given(Grants.Of(service), contents, keep,
            Specs(state).Select(spec => spec.Find(service.Name)).OfType<ServiceSpec>().Select(Grants.Of));
        return service with { Configs = given.Configs, Secrets = given.Secrets, GrantsHash = given.Hash };
    }

    /// <summary>The same for what gateways show.</summary>
    public TlsSpec Given(TlsSpec tls, EquatableArray<CarriedContent> contents, ClusterState state, bool keep)
    {
        var given = Given(Grants.Of(tls), contents, keep,
            Specs(state).Select(spec => spec.Tls).OfType<TlsSpec>().Select(Grants.Of));
        return tls with { Secrets = given.Secrets, GrantsHash = given.Hash };
    }

    /// <param name="earlier">What the revisions that are kept gave, the newest first.</param>
    private Grants Given(Grants asked, EquatableArray<CarriedContent> contents, bool keep, IEnumerable<Grants> earlier)
    {
        if (asked.Configs.Count + asked.Secrets.Count == 0) return asked with { Hash = null };
        byte[]? key = null;
        foreach (var before in earlier.Where(one => one.Hash is not null).Distinct())
        {
            if (KeyOf(before.Hash!) is not { } known) continue;
            key ??= known;
            var same = Printed(asked, contents, known) with { Hash = before.Hash };
            if (same == before) return same;
        }
        key ??= RandomNumberGenerator.GetBytes(KeyBytes);
        return Printed(asked, contents, key) with
        {
            Hash = keep ? files.Make(folder => Fill(folder, asked, contents, key)) : null,
        };
    }

    private static IEnumerable<ClusterSpec> Specs(ClusterState state) =>
        state.Revisions.Values.Reverse().Select(revision => revision.Spec);

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

    private static Grants Printed(Grants asked, EquatableArray<CarriedContent> contents, byte[] key)
    {
        EquatableArray<GrantSpec> Of(GrantKind kind) => asked.All(kind).Select(grant => grant with
        {
            Print = Convert.ToHexStringLower(HMACSHA256.HashData(key, BytesOf(kind, grant, contents).Span)
                .AsSpan(0, PrintBytes)),
        }).ToEquatableArray();
        return asked with { Configs = Of(GrantKind.Config), Secrets = Of(GrantKind.Secret) };
    }

    private static void Fill(string folder, Grants asked, EquatableArray<CarriedContent> contents, byte[] key)
    {
        Write(Path.Combine(folder, Key), key, UnixFileMode.UserRead);
        foreach (var kind in Kinds)
        {
            var below = Path.Combine(folder, GrantVariables.FolderOf(kind));
            foreach (var grant in asked.All(kind))
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
