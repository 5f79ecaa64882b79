using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Tangram.Routing.Http1;

/// <summary>Sends a request to a backend by HTTP/1.1, on connections of our own, and its answer to the
/// client.</summary>
/// <remarks>It never sends a request a second time by itself: what failed is told, with as much as is known of
/// whether the backend may have got it.</remarks>
internal sealed class Http1Forwarder(AnswerGiver giver, TimeProvider time)
{
    private static readonly Action<object?> ByClient = static c => ((BackendConnection)c!).Cut(CutBy.Client);
    private static readonly Action<object?> ByDeath = static c => ((BackendConnection)c!).Cut(CutBy.Death);
    private static readonly Action<object?> ByTouch = static c => ((BackendConnection)c!).Cut(CutBy.Unreachable);
    private static readonly Action<object?> ByDeadline = static c => ((BackendConnection)c!).Cut(CutBy.Deadline);

    public ValueTask<AttemptEnding> SendAsync(HttpContext context, Exchange exchange, Choice choice) =>
        exchange.HedgeAfter is { } after
            ? new ValueTask<AttemptEnding>(HedgeAsync(context, exchange, choice, after))
            : AttemptAsync(context, exchange, choice, null);

    /// <summary>A second backend is asked too when the first has not answered in time.</summary>
    private async Task<AttemptEnding> HedgeAsync(
        HttpContext context, Exchange exchange, Choice choice, TimeSpan after)
    {
        using var race = new Race(exchange, choice, time);
        var first = RunAsync(context, exchange, race, race.First);
        using (var rest = new CancellationTokenSource())
        {
            await Task.WhenAny(first, Task.Delay(after, time, rest.Token)).ConfigureAwait(false);
            await rest.CancelAsync().ConfigureAwait(false);
        }
        if (first.IsCompleted || race.Join(context) is not { } racer) return await first.ConfigureAwait(false);
        var second = RunAsync(context, exchange, race, racer);
        // Both have ended when this returns; how the one ended that was let go matters to nobody.
        await Task.WhenAll((Task)first, second).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        race.Close();
        return await (race.IsOvertaken ? second : first).ConfigureAwait(false);
    }

    private async Task<AttemptEnding> RunAsync(HttpContext context, Exchange exchange, Race race, Racer racer)
    {
        var ending = new AttemptEnding(AttemptOutcome.NoAnswer);
        try { return ending = await AttemptAsync(context, exchange, racer.Choice, racer).ConfigureAwait(false); }
        finally { race.End(racer, ending); }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptEnding> AttemptAsync(
        HttpContext context, Exchange exchange, Choice choice, Racer? racer)
    {
        var pool = choice.Lines.Pool;
        if (!pool.TryTake(out var connection))
        {
            try
            {
                connection = await pool.ConnectAsync(choice.Backend, racer?.Abandon ?? choice.Abandon)
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or IOException
                or AuthenticationException)
            {
                return new AttemptEnding(AttemptOutcome.NeverSent, AttemptEnd.IsUnreachable(e));
            }
        }
        var stays = false;
        try
        {
            connection.Begin();
            racer?.Uses(connection);
            using var client = Left(context).UnsafeRegister(ByClient, connection);
            using var death = choice.Abandon.UnsafeRegister(ByDeath, connection);
            using var late = exchange.Late.UnsafeRegister(ByDeadline, connection);
            (var ending, stays) = exchange.HasBody
                ? await SendWithBodyAsync(context, exchange, choice, connection).ConfigureAwait(false)
                : await SendHeadAsync(context, exchange, choice, connection, racer).ConfigureAwait(false);
            return ending;
        }
        finally
        {
            // Here, nobody can cut it any more.
            if (stays && connection.EndedBy == CutBy.Nobody) pool.Return(connection);
            else connection.Dispose();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(AttemptEnding, bool Stays)> SendHeadAsync(
        HttpContext context, Exchange exchange, Choice choice, BackendConnection connection, Racer? racer)
    {
        Write(context, exchange, choice, connection);
        racer?.Sent();
        try { await connection.SendAsync(connection.Out.Written).ConfigureAwait(false); }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It may have answered before it closed.
        }
        return await ReceiveAsync(context, exchange, choice, connection, racer).ConfigureAwait(false);
    }

    private static void Write(
        HttpContext context, Exchange exchange, Choice choice, BackendConnection connection) =>
        RequestWriter.Write(connection.Out, context.Request, exchange.PathOf(context), choice.Backend.Authority,
            exchange.HasBody);

    /// <summary>A backend may answer before it has read all; once its answer is whole, it is not sent the
    /// rest.</summary>
    private async ValueTask<(AttemptEnding, bool Stays)> SendWithBodyAsync(
        HttpContext context, Exchange exchange, Choice choice, BackendConnection connection)
    {
        Write(context, exchange, choice, connection);
        using var unwanted = new CancellationTokenSource();
        var sending = SendBodyAsync(context, connection, unwanted.Token);
        var (ending, stays) = (default(AttemptEnding), false);
        var (isWhole, refused) = (false, 0);
        try
        {
            (ending, stays) = await ReceiveAsync(context, exchange, choice, connection).ConfigureAwait(false);
        }
        finally
        {
            // Nobody may touch the client's body once this has ended, and a backend that does not take the rest holds
            // nobody up.
            if (!sending.IsCompleted)
            {
                await unwanted.CancelAsync().ConfigureAwait(false);
                connection.Cut(CutBy.Answer);
            }
            (isWhole, refused) = await sending.ConfigureAwait(false);
        }
        if (refused > 0 && ending.Outcome == AttemptOutcome.ClientFault && !context.Response.HasStarted)
            context.Response.StatusCode = refused;
        return (ending, stays && isWhole);
    }

    /// <summary>What the client does not send in full ends the attempt. It runs beside the answer, so it leaves the
    /// response alone.</summary>
    /// <returns>Refused: the status for a client that sends no HTTP; else 0.</returns>
    private async Task<(bool IsWhole, int Refused)> SendBodyAsync(
        HttpContext context, BackendConnection connection, CancellationToken unwanted)
    {
        try
        {
            var request = context.Request;
            return (await RequestBody.SendAsync(
                connection, request.Body, request.ContentLength is null, time, unwanted).ConfigureAwait(false), 0);
        }
        catch (OperationCanceledException) when (unwanted.IsCancellationRequested)
        {
            return default;
        }
        catch (Exception e)
        {
            // Whatever it is, it is the client's body that cannot be had: Kestrel has words of many kinds for that.
            connection.Cut(CutBy.Client);
            return (false, e switch
            {
                BadHttpRequestException bad => bad.StatusCode,
                ConnectionResetException or OperationCanceledException => 0,
                _ => StatusCodes.Status400BadRequest,
            });
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(AttemptEnding, bool Stays)> ReceiveAsync(
        HttpContext context, Exchange exchange, Choice choice, BackendConnection connection, Racer? racer = null)
    {
        using (exchange.Repeatable ? choice.Unreachable.UnsafeRegister(ByTouch, connection) : default)
            if (!await ReadHeadAsync(connection).ConfigureAwait(false)) return (Unanswered(connection), false);
        if (racer is not null && !await racer.WinsAsync(connection.Head.Status).ConfigureAwait(false))
            return (new AttemptEnding(AttemptOutcome.ClientFault), false);
        if (exchange.Keeps(connection.Head.Status))
            return await giver.GiveAsync(context, exchange, connection).ConfigureAwait(false);
        return (AttemptEnding.Done, AnswerGiver.IsPassedOver(connection, HttpMethods.IsHead(context.Request.Method)));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> ReadHeadAsync(BackendConnection connection)
    {
        while (true)
        {
            var read = connection.Head.Read(connection.Unread.Span, out var length);
            if (read == HeadRead.Bad) return false;
            if (read == HeadRead.Whole)
            {
                connection.Take(length);
                if (!connection.Head.Interim) return connection.Head.Status >= 200;
            }
            else if (!await connection.FillAsync().ConfigureAwait(false)) return false;
        }
    }

    private static AttemptEnding Unanswered(BackendConnection connection) => connection.EndedBy switch
    {
        CutBy.Client => new AttemptEnding(AttemptOutcome.ClientFault),
        CutBy.Deadline or CutBy.Silence => new AttemptEnding(AttemptOutcome.TimedOut),
        _ => new AttemptEnding(AttemptOutcome.NoAnswer),
    };

    /// <summary>Of HTTP/1.1 the connection; the request's own token would be made anew each time.</summary>
    private static CancellationToken Left(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol)
        && context.Features.Get<IConnectionLifetimeFeature>() is { } connection
            ? connection.ConnectionClosed
            : context.RequestAborted;
}
