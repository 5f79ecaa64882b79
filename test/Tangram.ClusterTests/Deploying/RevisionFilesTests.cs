using Tangram.Deploying;

namespace Tangram.ClusterTests.Deploying;

public sealed class RevisionFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("tangram-test-").FullName;
    private readonly RevisionFiles _files;

    public RevisionFilesTests()
    {
        _files = new RevisionFiles(Path.Combine(_root, "files"));
        Directory.CreateDirectory(Source("bin/empty"));
        File.WriteAllText(Source("bin/run"), "#!/bin/sh\n");
        File.SetUnixFileMode(Source("bin/run"), (UnixFileMode)0b111_101_101);
        File.WriteAllText(Source("config"), "version 1");
        File.CreateSymbolicLink(Source("bin/config"), "../config");
    }

    public void Dispose()
    {
        _files.Collect(new HashSet<string>(), DateTimeOffset.MaxValue);
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void The_copy_has_the_content_the_links_and_the_modes_and_cannot_be_written()
    {
        var copy = _files.Open(_files.Add(Source("")));
        Assert.Equal("version 1", File.ReadAllText(Path.Combine(copy, "bin/config")));
        Assert.Equal("../config", new FileInfo(Path.Combine(copy, "bin/config")).LinkTarget);
        Assert.True(Directory.Exists(Path.Combine(copy, "bin/empty")));
        Assert.Equal(FolderContent.ReadAndExecute, File.GetUnixFileMode(Path.Combine(copy, "bin/run")));
        Assert.Equal(FolderContent.OwnFolder, File.GetUnixFileMode(copy));
        Assert.Equal(FolderContent.OwnFolder, File.GetUnixFileMode(Path.Combine(copy, "bin")));
    }

    [Fact]
    public void The_same_content_is_stored_once_and_any_change_is_another()
    {
        var first = _files.Add(Source(""));
        Assert.Equal(first, RevisionFiles.HashOf(Source("")));
        Assert.Equal(first, _files.Add(Source("")));
        Assert.Single(Directory.EnumerateDirectories(Path.Combine(_root, "files")));

        var seen = new HashSet<string> { first };
        void Differs() => Assert.True(seen.Add(_files.Add(Source(""))));
        File.WriteAllText(Source("config"), "version 2");
        Differs();
        File.SetUnixFileMode(Source("config"), (UnixFileMode)0b111_101_101);
        Differs();
        Directory.CreateDirectory(Source("more"));
        Differs();
        File.Move(Source("config"), Source("configs"));
        Differs();
        File.Delete(Source("bin/config"));
        File.CreateSymbolicLink(Source("bin/config"), "../configs");
        Differs();
        Assert.Equal("version 1", File.ReadAllText(Path.Combine(_files.Open(first), "config")));
    }

    [Fact]
    public void A_copy_that_was_changed_or_lost_is_not_run_and_is_made_anew()
    {
        var hash = _files.Add(Source(""));
        var config = Path.Combine(_files.Open(hash), "config");
        File.SetUnixFileMode(config, StateFolder.OwnerOnly);
        File.WriteAllText(config, "evil");
        var later = new RevisionFiles(Path.Combine(_root, "files"));
        Assert.Contains("was changed", Assert.Throws<IOException>(() => later.Open(hash)).Message);
        Assert.Equal(hash, later.Add(Source("")));
        Assert.Equal("version 1", File.ReadAllText(Path.Combine(later.Open(hash), "config")));
        Assert.Contains("missing", Assert.Throws<IOException>(() => later.Open(new string('0', 64))).Message);
    }

    [Theory]
    [InlineData("/etc/hostname")]
    [InlineData("../../outside")]
    [InlineData("here/../../../outside")]
    public void A_link_that_leaves_the_folder_is_refused(string target)
    {
        File.CreateSymbolicLink(Source("bin/here"), ".");
        File.CreateSymbolicLink(Source("bin/out"), target);
        Assert.Contains("leaves", Refusal(_files));
    }

    [Fact]
    public void Links_in_a_circle_or_to_nothing_stay_what_they_are()
    {
        File.CreateSymbolicLink(Source("a"), "b");
        File.CreateSymbolicLink(Source("b"), "a");
        File.CreateSymbolicLink(Source("c"), "nothing");
        Assert.Equal("nothing", new FileInfo(Path.Combine(_files.Open(_files.Add(Source(""))), "c")).LinkTarget);
    }

    [Fact]
    public void Limits_and_what_is_no_file_are_refused_and_leave_nothing()
    {
        Assert.Contains("more than 3 files", Refusal(Limited(new FilesLimits(Files: 3))));
        Assert.Contains("more than 0 MiB", Refusal(Limited(new FilesLimits(Bytes: 5))));
        Assert.Contains("deeper than 1", Refusal(Limited(new FilesLimits(Depth: 1))));
        using (var server = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix,
                   System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            server.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Source("socket")));
            Assert.Contains("neither a file", Refusal(_files));
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_root, "files")));
        Assert.Contains("does not exist", Assert.Throws<FilesRefusedException>(() => _files.Add(Source("no"))).Message);
        Assert.Contains("own state", Assert.Throws<FilesRefusedException>(() => _files.Add(_root)).Message);
    }

    [Fact]
    public void Collects_what_no_revision_names()
    {
        var first = _files.Add(Source(""));
        File.WriteAllText(Source("config"), "version 2");
        var second = _files.Add(Source(""));
        Directory.CreateDirectory(Path.Combine(_root, "files", ".new-1-crashed"));
        Assert.Equal(2, _files.Collect(new HashSet<string> { second }, DateTimeOffset.MaxValue));
        Assert.Throws<IOException>(() => _files.Open(first));
        _files.Open(second);
    }

    [Fact]
    public void Does_not_collect_what_somebody_has_just_asked_for_and_is_about_to_name()
    {
        var (first, start) = (_files.Add(Source("")), TimeProvider.System.GetUtcNow());
        File.WriteAllText(Source("config"), "version 2");
        var second = _files.Add(Source(""));
        foreach (var copy in (string[])[first, second])
            Directory.SetLastWriteTimeUtc(Path.Combine(_root, "files", copy), start.UtcDateTime.AddDays(-1));
        Assert.True(_files.Has(second));
        Assert.Equal(1, _files.Collect(new HashSet<string>(), start.AddHours(-1)));
        Assert.False(_files.Has(first));
        _files.Open(second);
    }

    private string Source(string relative) => Path.Combine(_root, "source", relative);

    private RevisionFiles Limited(FilesLimits limits) => new(Path.Combine(_root, "files"), limits);

    private string Refusal(RevisionFiles files) =>
        Assert.Throws<FilesRefusedException>(() => files.Add(Source(""))).Message;
}
