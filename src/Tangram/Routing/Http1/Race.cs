using Tangram.Model;

namespace Tangram.Routing.Http1;

/// <summary>Two attempts of one request at once: the first that answers gives its answer, and the other is let
/// go.</summary>
/// <remarks>What of the request's <see cref="Exchange"/> both could touch is touched within the lock, until one has
/// won; from then on it is the winner's alone.</remarks>
internal sealed class Race : IDisposable
{
    /// <summary>How long an error waits for the other's answer: then it is better to ask a third.</summary>
    private static readonly TimeSpan ErrorWaits = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Exchange _exchange;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _won = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Racer? _winner;

    public Race(Exchange exchange, Choice choice, TimeProvider time) =>
        (_exchange, _time, First) = (exchange, time, new Racer(this, choice, exchange.Begun));

    public Racer First { get; }
    public Racer? Second { get; private set; }
    public bool IsOvertaken => _winner is { } winner && winner == Second;

    /// <summary>A second backend; null when the first attempt has ended, has won or was not sent yet, or when nobody
    /// else may be asked.</summary>
    public Racer? Join(HttpContext context)
    {
        lock (_gate)
        {
            if (_winner is not null || First is not { IsSent: true, Ending: null }) return null;
            return _exchange.TryHedge(context) is var (choice, now) ? Second = new Racer(this, choice, now) : null;
        }
    }

    /// <summary>It has the head of an answer. False: the other one's is given. An error waits a while for what the
    /// other has to say.</summary>
    public async ValueTask<bool> WinsAsync(Racer racer, int status)
    {
        lock (_gate) racer.Status = status;
        if (racer.Failed && Better(racer) is { } better)
            await Task.WhenAny(better.Ended, _won.Task, Task.Delay(ErrorWaits, _time)).ConfigureAwait(false);
        Racer? other;
        lock (_gate)
        {
            if (_winner is not null) return false;
            (_winner, other) = (racer, Other(racer));
            if (racer == Second) _exchange.Overtake(racer.Choice, racer.Begun);
            if (other?.Ending is { } ended) _exchange.LetGo(other.Choice, other.Begun, ended.Outcome);
        }
        _won.TrySetResult();
        other?.GiveUp();
        return true;
    }

    /// <summary>Its attempt has ended, and if the other one had won before, its backend is left.</summary>
    public void End(Racer racer, AttemptEnding ending)
    {
        lock (_gate)
        {
            racer.End(ending);
            if (_winner is null || _winner == racer) return;
            if (racer.Failed)
                _exchange.LetGo(racer.Choice, racer.Begun, racer.Status >= StatusCodes.Status500InternalServerError
                    ? AttemptOutcome.ServerError : AttemptOutcome.Answered, racer.Status);
            else _exchange.LetGo(racer.Choice, racer.Begun, AttemptOutcome.ClientFault, isSlow: racer == First);
        }
    }

    /// <summary>Both have ended. When none has won, the end of the first is the request's.</summary>
    public void Close()
    {
        if (_winner is null && Second is { Ending: { } ended } second)
            _exchange.LetGo(second.Choice, second.Begun, ended.Outcome);
    }

    /// <summary>Nobody runs any more.</summary>
    public void Dispose()
    {
        First.Dispose();
        Second?.Dispose();
    }

    private Racer? Other(Racer racer) => racer == First ? Second : First;

    /// <summary>Whom a failed one waits for; of two failed ones the second waits for nobody.</summary>
    private Racer? Better(Racer racer)
    {
        lock (_gate) return Other(racer) is { Failed: false } other ? other : null;
    }
}

/// <summary>One of the attempts.</summary>
internal sealed class Racer(Race race, Choice choice, Instant begun) : IDisposable
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _givenUp =
        CancellationTokenSource.CreateLinkedTokenSource(choice.Abandon);
    private BackendConnection? _connection;
    private volatile bool _isSent;

    public Choice Choice => choice;
    public Instant Begun => begun;

    /// <summary>Its request is written down, so that the next may be.</summary>
    public bool IsSent => _isSent;
    public Task Ended => _ended.Task;

    /// <summary>Null: it has not ended.</summary>
    public AttemptEnding? Ending { get; private set; }

    /// <summary>Of its answer; 0 before there is one.</summary>
    public int Status { get; set; }
    public bool Failed => Status is StatusCodes.Status429TooManyRequests or >= StatusCodes.Status500InternalServerError;

    /// <summary>Nobody waits for its connection any more.</summary>
    public CancellationToken Abandon => _givenUp.Token;

    public ValueTask<bool> WinsAsync(int status) => race.WinsAsync(this, status);

    public void Uses(BackendConnection connection)
    {
        Interlocked.Exchange(ref _connection, connection);
        if (_givenUp.IsCancellationRequested) connection.Cut(CutBy.Answer);
    }

    public void Sent() => _isSent = true;

    public void End(AttemptEnding ending)
    {
        Ending = ending;
        _ended.TrySetResult();
    }

    public void Dispose() => _givenUp.Dispose();

    public void GiveUp()
    {
        _givenUp.Cancel();
        Volatile.Read(ref _connection)?.Cut(CutBy.Answer);
    }
}
