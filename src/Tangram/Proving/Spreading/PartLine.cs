using System.Diagnostics.CodeAnalysis;
using Tangram.Cli;
using Tangram.Coordinating.Trust;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Spreading;

/// <summary>The line to one of the machines that make a load, and what came over it. Times are since the first line was
/// opened, by our clock.</summary>
internal sealed class PartLine : IAsyncDisposable
{
    /// <summary>A part tells how far it is each second; its machine's injector says more often that it is
    /// there.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3), Quiet = TimeSpan.FromSeconds(10);

    private const long Most = 1L << 50;

    /// <summary>Characters: it tells at most a thousand seconds in a line.</summary>
    private const int LongestAnswer = 16 << 20;

    /// <summary>A load lasts no longer.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(WrittenCounts.MostSeconds);

    private readonly WireLines _lines;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly Task _beating, _reading;
    private readonly TaskCompletionSource<string?> _ready = New(), _over = New();
    private TimeSpan _go, _heard;
    private bool _runs;
    private LoadStart? _start;
    private PartCounts? _counts;
    private LatencyHistogram? _reads;

    private PartLine((WireLines Lines, Task Beating, InjectorGreeting Greeting, bool Here) to, LoadBook book,
        LatencyLog? log, TimeProvider time, long origin)
    {
        (_lines, _beating, Name, Cluster) = (to.Lines, to.Beating, to.Greeting.Name, to.Greeting.Cluster);
        (Book, Log, _time, _origin) = (book, log, time, origin);
        _reading = ReadAsync();
    }

    public string Name { get; }
    public string Cluster { get; }

    /// <summary>What it has counted, once it <see cref="Over"/>.</summary>
    public LoadBook Book { get; }
    public LatencyLog? Log { get; }

    /// <summary>What it said last of how far it is.</summary>
    public LoadProgress? Progress { get; private set; }

    /// <summary>Null when all is prepared there; else why it never will be.</summary>
    public Task<string?> Ready => _ready.Task;

    /// <summary>Null when all that it counted is here; else why it is lost.</summary>
    public Task<string?> Over => _over.Task;

    /// <summary>Connected, and told what to prepare. Throws <see cref="CommandFailure"/>.</summary>
    public static async Task<PartLine> OpenAsync(
        string address, LoadOrder order, LoadOptions whole, MutualTls? tls, TimeProvider time, long origin)
    {
        var first = LoadOrder.Word + order.Write();
        if (first.Length > InjectorJson.LongestOrder)
            throw CommandFailure.Arguments("what is sent with each request is too long for machines to be told it: " +
                $"{InjectorJson.LongestOrder >> 20} MB is the most");
        var to = await InjectorLine.GreetedAsync(address, first, LongestAnswer, tls, time).ConfigureAwait(false);
        return new PartLine(to, LoadBook.For(whole, null),
            order.Log ? new LatencyLog([.. whole.Classes.Select(c => c.Name)]) : null, time, origin);
    }

    public void Go()
    {
        _go = _heard = _time.GetElapsedTime(_origin);
        _runs = true;
        _ = _lines.WriteAsync(LoadOrder.Go);
    }

    /// <summary>It ends at once, and tells what it has counted.</summary>
    public void Stop() => _ = _lines.WriteAsync(LoadOrder.Stop);

    /// <summary>Once it is over.</summary>
    public SpreadPart Part(string? lost) => lost is null && _counts is { } counts
        ? new SpreadPart(Name, Book, _reads!, counts.Effort, counts.MostInFlight, counts.Interrupted, _start, null)
        : SpreadPart.Gone(Name, lost ?? "it never came to an end", _start);

    public async ValueTask DisposeAsync()
    {
        await _lines.WriteAsync(InjectorJson.End).ConfigureAwait(false);
        _lines.Close();
        await Task.WhenAll(_reading, _beating).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _lines.DisposeAsync().ConfigureAwait(false);
    }

    [SuppressMessage("Design", "CA1031", Justification = "whatever it says, the others' load comes to an end")]
    private async Task ReadAsync()
    {
        string? lost;
        try { lost = await ListenAsync().ConfigureAwait(false); }
        catch (Exception e) { lost = $"what it said cannot be read ({e.Message.TrimEnd('.')})"; }
        _ready.TrySetResult(lost ?? "it was over before it began");
        _over.TrySetResult(lost);
    }

    private async Task<string?> ListenAsync()
    {
        while (await _lines.ReadAsync(Silence).ConfigureAwait(false) is { } line)
        {
            var now = _time.GetElapsedTime(_origin);
            if (line.Length == 0)
            {
                if (_runs && now - _heard > Quiet)
                    return $"the process that makes its part has said nothing for {Quiet.TotalSeconds:0} s";
                continue;
            }
            _heard = now;
            var answer = PartAnswer.Read(line);
            if (answer.Word == PartWord.Failed) return answer.What ?? "it failed";
            if (Takes(answer, now)) return null;
        }
        return $"its connection ended, or was silent for {Silence.TotalSeconds:0} s";
    }

    /// <summary>True: that was all.</summary>
    private bool Takes(PartAnswer answer, TimeSpan now)
    {
        switch (answer.Word)
        {
            case PartWord.Ready:
                _ready.TrySetResult(null);
                return false;
            case PartWord.Began:
                WrittenCounts.Check(answer.After >= TimeSpan.Zero && answer.After < Longest, "its start");
                _start = new LoadStart(_go, answer.After, now);
                return false;
            case PartWord.Progress:
                WrittenCounts.Check(answer.Progress is { } told && Sound(told), "its progress");
                Progress = answer.Progress;
                return false;
            case PartWord.Counted:
                foreach (var second in answer.Seconds ?? []) Book.Add(second);
                foreach (var piece in answer.Pieces ?? []) Log?.Add(piece);
                return false;
            default:
                _counts = answer.Counts ?? throw new FormatException("the counts are missing");
                Book.Add(_counts.Book);
                (_reads = new()).Add(_counts.Reading);
                WrittenCounts.Check(Sound(_counts), "what it did");
                // What cannot be made a result of is found now, and is its own fault.
                _ = Book.Result(new("", default, 0, 0, false, (_, _) => _counts.Effort));
                return true;
        }
    }

    /// <summary>What comes from many machines is added up.</summary>
    private static bool Sound(LoadProgress told) => told is
    {
        Sent: >= 0 and < Most, Ok: >= 0 and < Most, Bad: >= 0 and < Most,
        InFlight: >= 0 and <= LoadOptions.HighestUsers,
    } && told.Steps.All(step => step is { Name: not null, Bad: >= 0 and < Most });

    private static bool Sound(PartCounts told) => told is
    {
        MostInFlight: >= 0 and <= LoadOptions.HighestUsers, Effort.Threads: >= 0 and < 1 << 20,
    } && told.Effort.Cpu >= TimeSpan.Zero && told.Effort.Cpu < Longest * (1 << 20);

    private static TaskCompletionSource<string?> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
