using System.IO.Pipelines;
using System.Net.Mime;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Tangram.Model;

namespace Tangram.Routing.Http1;

/// <summary>Gives an answer whose head has come to the client. A small answer to a request that is safe to repeat is
/// kept back until it is whole, so that a backend which ends within it can be replaced by another; large ones and
/// streams of events pass at once, slow ones after a moment.</summary>
internal sealed class AnswerGiver(GatewayOptions options, TimeProvider time)
{
    /// <summary>What is left of an answer that nobody gets, and whether its connection is free by that.</summary>
    public static bool IsPassedOver(BackendConnection connection, bool isHead)
    {
        var length = connection.Head.Body(isHead) switch
        {
            BodyFraming.None => 0,
            BodyFraming.Length => connection.Head.Length!.Value,
            _ => long.MaxValue,
        };
        return connection.Head.Stays && connection.Unread.Length == length;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(AttemptEnding, bool Stays)> GiveAsync(
        HttpContext context, Exchange exchange, BackendConnection connection)
    {
        var head = connection.Head;
        var body = new AnswerBody(head.Body(HttpMethods.IsHead(context.Request.Method)), head.Length ?? 0);
        if (exchange.Repeatable && MayHold(head, in body)
            && !await HoldAsync(connection, body).ConfigureAwait(false)) return (CutShort(connection), false);
        Write(context.Response, head);
        exchange.Dress(context);
        return await PassAsync(context, connection, body).ConfigureAwait(false);
    }

    private bool MayHold(AnswerHead head, in AnswerBody body) => body.Framing switch
    {
        BodyFraming.None => false,
        BodyFraming.Length => head.Length <= options.HoldBytes,
        _ => head.Find(HeaderNames.ContentType) is not { } type
            || !type.StartsWith(MediaTypeNames.Text.EventStream, StringComparison.OrdinalIgnoreCase),
    };

    /// <summary>False: it ended before it was whole.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> HoldAsync(BackendConnection connection, AnswerBody body)
    {
        Task? late = null;
        while (!body.IsWholeIn(connection.Unread.Span) && connection.Unread.Length < options.HoldBytes)
        {
            var readable = connection.ReadableAsync();
            if (!readable.IsCompleted)
            {
                var more = readable.AsTask();
                readable = new ValueTask(more);
                late ??= Task.Delay(options.HoldTime, time);
                await Task.WhenAny(more, late).ConfigureAwait(false);
            }
            connection.Keep(readable);
            if (!readable.IsCompleted) return true;
            if (!await connection.FillAsync().ConfigureAwait(false))
                return body.EndsWithConnection && !connection.Failed;
        }
        return true;
    }

    private static void Write(HttpResponse response, AnswerHead head)
    {
        response.StatusCode = head.Status;
        if (head.Reason.Length > 0 && head.Reason != ReasonPhrases.GetReasonPhrase(head.Status)
            && response.HttpContext.Features.Get<IHttpResponseFeature>() is { } feature)
            feature.ReasonPhrase = head.Reason;
        var headers = response.Headers;
        foreach (var (name, value) in head.Fields)
        {
            var known = headers[name];
            headers[name] = known.Count == 0 ? value : StringValues.Concat(known, value);
        }
        if (!head.Chunked && head.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent))
            response.ContentLength = head.Length;
    }

    /// <summary>What is there is written before more is waited for.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<(AttemptEnding, bool Stays)> PassAsync(
        HttpContext context, BackendConnection connection, AnswerBody body)
    {
        var writer = context.Response.BodyWriter;
        // It has none (RFC 9110, 15.3.6), and Kestrel throws.
        var isMute = connection.Head.Status == StatusCodes.Status205ResetContent;
        if (body.IsLong) connection.Widen();
        while (true)
        {
            var read = body.Next(connection.Unread, out var used, out var data);
            if (data.Length > 0 && !isMute)
            {
                connection.Client = writer;
                var isGone = await IsGoneAsync(context, writer, data).ConfigureAwait(false);
                connection.Client = null;
                if (isGone) return (Gone(context, connection), false);
                // The client took it, however long that was.
                connection.Moved();
            }
            connection.Take(used);
            if (read == ChunkRead.End) break;
            if (read == ChunkRead.Bad) return (Cut(context), false);
            if (read == ChunkRead.Data) continue;
            if (!context.Response.HasStarted) await writer.FlushAsync().ConfigureAwait(false);
            if (await connection.FillAsync().ConfigureAwait(false)) continue;
            if (body.EndsWithConnection && !connection.Failed) return (AttemptEnding.Done, false);
            return (connection.EndedBy == CutBy.Client ? new AttemptEnding(AttemptOutcome.ClientFault) : Cut(context),
                false);
        }
        if (body.Trailers.Count > 0) Write(context, body.Trailers);
        return (AttemptEnding.Done, connection.Head.Stays && connection.Unread.IsEmpty);
    }

    /// <summary>A silence while the client is waited for is the client's.</summary>
    private static AttemptEnding Gone(HttpContext context, BackendConnection connection)
    {
        if (connection.EndedBy is not (CutBy.Nobody or CutBy.Client)) Cut(context);
        return new AttemptEnding(connection.EndedBy == CutBy.Death ? AttemptOutcome.Cut : AttemptOutcome.ClientFault);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> IsGoneAsync(
        HttpContext context, PipeWriter writer, ReadOnlyMemory<byte> data)
    {
        try
        {
            var flushed = await writer.WriteAsync(data).ConfigureAwait(false);
            return flushed.IsCompleted || flushed.IsCanceled;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            context.Abort();
            return true;
        }
    }

    private static void Write(HttpContext context, IReadOnlyList<AnswerField> trailers)
    {
        if (context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is not { IsReadOnly: false } kept) return;
        // What frames a message is no trailer (RFC 9110, 6.5.1).
        foreach (var (name, value) in trailers)
            if (!HeaderRules.BelongsToConnection(name)) kept.Append(name, value);
    }

    private static AttemptEnding CutShort(BackendConnection connection) =>
        new(connection.EndedBy == CutBy.Client ? AttemptOutcome.ClientFault : AttemptOutcome.Cut);

    /// <summary>The client must not take for whole what is not. Before anything has gone to it, it can still be told
    /// in words.</summary>
    private static AttemptEnding Cut(HttpContext context)
    {
        if (context.Response.HasStarted)
        {
            // INTERNAL_ERROR (RFC 9113, 7); HTTP/1.1 can only close.
            if (context.Features.Get<IHttpResetFeature>() is { } stream) stream.Reset(2);
            else context.Abort();
        }
        return new AttemptEnding(AttemptOutcome.Cut);
    }
}
