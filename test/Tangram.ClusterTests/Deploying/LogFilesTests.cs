using System.Text;
using Tangram.Cli;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class LogFilesTests : IDisposable
{
    private static readonly ReplicaName Order = ReplicaName.Of("order-1");
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Rotation_loses_no_byte_while_a_writer_writes_at_full_speed()
    {
        await using var node = new Node();
        // awk buffers, so lines are torn over writes; that is how real programs write.
        node.Started("""
            exec awk 'BEGIN { while (getline line < "enough" < 0 || i % 10000) printf "line %d of the whole\n", ++i }'
            """);
        var log = node.Logs.Of(Node.Order);
        for (var parts = 0; parts < 50; parts = log.Parts().Count)
        {
            log.Rotate(100_000, 100_000);
            await Task.Yield();
        }
        File.WriteAllText(node.File("enough"), "");
        Assert.Equal(0, (await node.NextExit()).Exit);
        log.Rotate(100_000, 100_000);

        var number = 0;
        var reader = new LogReader(node.Logs, TimeProvider.System);
        await foreach (var line in reader.ReadAsync(Node.Order, 0, follow: false))
            Assert.Equal($"line {++number} of the whole", line.Text);
        Assert.True(number > 0 && number % 10_000 == 0, $"the last line is {number}");
        Assert.True(log.Parts().Count >= 50);
    }

    [Fact]
    public void Disk_use_stays_bounded_though_the_file_keeps_its_length()
    {
        var logs = new LogFiles(_folder, new LogLimits(Size: 1 << 20, Files: 3));
        using var writer = logs.OpenForAppend(Order);
        var line = Encoding.ASCII.GetBytes(new string('x', 1023) + '\n');
        for (var i = 0; i < 10 * 1024; i++)
        {
            RandomAccess.Write(writer, line, 0);
            if (i % 512 == 0) logs.RotateAll(Assert.Fail);
        }
        logs.RotateAll(Assert.Fail);
        Assert.Equal(10 << 20, new FileInfo(logs.PathOf(Order)).Length);
        Assert.InRange(logs.Of(Order).Parts().Sum(part => part.Length), 2 << 20, 3 << 20);
        Assert.InRange(Allocated(logs.PathOf(Order)), 0, 2 << 20);
        Assert.Equal(10 << 20, logs.Of(Order).End());
        Assert.Equal(8 << 20, logs.Of(Order).Start());
    }

    [Fact]
    public void A_backlog_far_beyond_the_limits_is_cut_to_them()
    {
        var log = new LogFile(_folder, "order-1");
        File.WriteAllText(log.LivePath, string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{i:0000000}\n")));
        var due = log.Rotate(1000, 3);
        Assert.Equal(2, log.Parts().Count);
        Assert.InRange(80_000 - log.Start(), 2000, 3000);
        Assert.Equal(log.Parts()[1].End + 1000, due);
        Assert.Equal(due, log.Rotate(1000, 3));
    }

    [Fact]
    public async Task A_crash_between_copy_and_hole_changes_nothing()
    {
        var log = new LogFile(_folder, "order-1", (_, _, _) => throw new IOException("the power went"));
        var text = string.Concat(Enumerable.Range(0, 500).Select(i => $"line {i}\n"));
        File.WriteAllText(log.LivePath, text);
        Assert.Throws<IOException>(() => log.Rotate(1000, 100));
        Assert.Equal(text, await Whole());
        new LogFile(_folder, "order-1").Rotate(1000, 100);
        Assert.Equal(text, await Whole());
    }

    [Fact]
    public async Task Where_no_hole_can_be_punched_the_file_is_emptied_after_the_copy()
    {
        var log = new LogFile(_folder, "order-1", (_, _, _) => false);
        var whole = new StringBuilder();
        for (var round = 0; round < 5; round++)
        {
            var text = string.Concat(Enumerable.Range(0, 300).Select(i => $"round {round} line {i}\n"));
            whole.Append(text);
            File.AppendAllText(log.LivePath, text);
            log.Rotate(1000, 100);
            Assert.Equal(0, new FileInfo(log.LivePath).Length);
        }
        Assert.Equal(whole.ToString(), await Whole());
        Assert.Equal(whole.Length, log.End());
    }

    [Fact]
    public async Task A_file_that_somebody_emptied_goes_on_after_its_parts()
    {
        var logs = new LogFiles(_folder, new LogLimits(Size: 1000, Files: 100));
        var text = string.Concat(Enumerable.Range(0, 1000).Select(i => $"line {i}\n"));
        File.WriteAllText(logs.PathOf(Order), text);
        logs.RotateAll(Assert.Fail);
        var kept = text[..(int)logs.Of(Order).Parts()[^1].End];
        File.WriteAllText(logs.PathOf(Order), "new 1\n");
        logs.RotateAll(Assert.Fail);
        File.AppendAllText(logs.PathOf(Order), "new 2\n");
        Assert.Equal(kept + "new 1\nnew 2\n", await Whole());
    }

    [Fact]
    public async Task Tails_across_parts_and_counts_a_torn_last_line()
    {
        var logs = new LogFiles(_folder);
        var reader = new LogReader(logs, TimeProvider.System);
        var whole = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i}\r\n"));
        File.WriteAllText(logs.PathOf(Order), whole + "torn");
        logs.Of(Order).Rotate(4000, 100);
        Assert.Equal(["4998", "4999", "torn"], await Tail(3));
        Assert.Equal(5001, (await Tail(int.MaxValue)).Count);
        Assert.Empty(await Tail(0));

        async Task<List<string>> Tail(int lines)
        {
            var texts = new List<string>();
            await foreach (var line in reader.ReadAsync(Order, reader.OffsetOfLast(Order, lines), follow: false))
                texts.Add(line.Text);
            return texts;
        }
    }

    [Fact]
    public async Task Follows_what_is_written_and_goes_on_where_it_was_told()
    {
        var logs = new LogFiles(_folder);
        var reader = new LogReader(logs, TimeProvider.System);
        using var ending = new CancellationTokenSource();
        await using var lines = reader.ReadAsync(Order, 0, follow: true, ending.Token).GetAsyncEnumerator();
        var first = lines.MoveNextAsync();
        File.AppendAllText(logs.PathOf(Order), "one\ntw");
        Assert.True(await first);
        Assert.Equal(("one", 4L), (lines.Current.Text, lines.Current.Next));
        var second = lines.MoveNextAsync();
        File.AppendAllText(logs.PathOf(Order), "o\n");
        Assert.True(await second);
        Assert.Equal(("two", 4L, true), (lines.Current.Text, lines.Current.Offset, lines.Current.Whole));
        var third = lines.MoveNextAsync();
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await third);
    }

    [Fact]
    public async Task A_line_of_twenty_megabytes_comes_in_pieces()
    {
        var logs = new LogFiles(_folder);
        using (var file = File.Create(logs.PathOf(Order)))
        {
            var megabyte = Enumerable.Repeat((byte)'x', 1 << 20).ToArray();
            for (var i = 0; i < 20; i++) file.Write(megabyte);
            file.Write("\nend\n"u8);
        }
        var (pieces, length, last) = (0, 0L, "");
        await foreach (var line in new LogReader(logs, TimeProvider.System).ReadAsync(Order, 0, follow: false))
        {
            (pieces, length, last) = (pieces + 1, length + line.Text.Length, line.Text);
            Assert.True(line.Text.Length <= LogReader.LongestPiece);
        }
        Assert.Equal("end", last);
        Assert.Equal((20 << 20) + 3, length);
        Assert.Equal((20 << 20) / LogReader.LongestPiece + 2, pieces);
    }

    [Fact]
    public void Keeps_the_logs_of_the_newest_ended_replicas_only()
    {
        var logs = new LogFiles(_folder, new LogLimits(Ended: 2));
        for (var serial = 1; serial <= 5; serial++)
        {
            var path = logs.PathOf(ReplicaName.Of($"order-{serial}"));
            File.WriteAllText(path, "");
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddDays(serial));
        }
        logs.Collect(new HashSet<ReplicaName> { Order });
        Assert.Equal(["order-1.log", "order-4.log", "order-5.log"],
            Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public async Task Since_shows_what_was_written_in_that_time_also_after_a_rotation()
    {
        var logs = new LogFiles(_folder, new LogLimits(Size: 1000, Files: 3));
        var begun = DateTimeOffset.UnixEpoch.AddDays(20_000);
        for (var second = 0; second < 100; second++)
        {
            var lines = Enumerable.Range(0, 10).Select(i => $"{second} {i}\n");
            File.AppendAllText(logs.PathOf(Order), string.Concat(lines));
            logs.RotateAll(Assert.Fail, begun.AddSeconds(second));
        }
        Assert.Equal(["98 0", "99 9", "20"], await Since(97));
        Assert.Equal(["0"], await Since(99));
        // What is older than what is kept shows all that is kept, its first line too.
        var kept = await Whole();
        Assert.Equal(kept.Split('\n')[0], (await Since(0))[0]);
        Assert.Equal(kept.Split('\n')[0], (await Since(-10))[0]);

        async Task<string[]> Since(int second)
        {
            var request = new LogRequest(_folder, Order, null, false, begun.AddSeconds(second));
            var lines = new List<string>();
            await foreach (var line in LogEntrance.ReadAsync(request, TimeProvider.System, default)) lines.Add(line);
            return lines.Count == 0 ? ["0"] : [lines[0], lines[^1], $"{lines.Count}"];
        }
    }

    [Fact]
    public void What_is_noted_of_times_stays_bounded_and_coarser_far_back()
    {
        var logs = new LogFiles(_folder);
        var times = new LogTimes(logs.Of(Order));
        for (var second = 0; second < 10_000; second++)
        {
            File.AppendAllText(logs.PathOf(Order), "x\n");
            times.Mark(DateTimeOffset.UnixEpoch.AddSeconds(second));
        }
        Assert.InRange(File.ReadLines(logs.PathOf(Order) + ".times").Count(), 1_000, 3_000);
        Assert.Equal(2 * 9_991, times.EndAt(DateTimeOffset.UnixEpoch.AddSeconds(9_990)));
        Assert.InRange(times.EndAt(DateTimeOffset.UnixEpoch.AddSeconds(100))!.Value, 0, 2 * 101);
    }

    private async Task<string> Whole()
    {
        var text = new StringBuilder();
        await foreach (var line in new LogReader(new LogFiles(_folder), TimeProvider.System).ReadAsync(Order, 0, false))
            text.Append(line.Text).Append('\n');
        return text.ToString();
    }

    // Through the file's holes: the bytes from the first that has content on.
    private static long Allocated(string path)
    {
        using var file = File.OpenHandle(path);
        var first = Native.Seek(file.Number(), 0, Native.SeekToContent);
        return first < 0 ? 0 : RandomAccess.GetLength(file) - first;
    }
}
