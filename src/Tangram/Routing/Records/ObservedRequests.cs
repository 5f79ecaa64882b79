using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Tangram.Routing.Rules;

namespace Tangram.Routing.Records;

/// <summary>Around the gateway's application: notes what becomes of each request, and puts it in its trace.</summary>
/// <remarks>Kestrel disposes of a context once the answer has gone out, so that nothing need be awaited
/// here.</remarks>
/// <param name="metrics">What is told of the gateway.</param>
internal sealed class ObservedRequests(
    GatewayApplication inner, Routes routes, Observation observation, Func<string> metrics)
    : IHttpApplication<ObservedContext>
{
    private readonly GatewayFigures _figures = observation.Figures;

    public ObservedContext CreateContext(IFeatureCollection features)
    {
        var context = features is IHostContextContainer<ObservedContext> kept
            ? kept.HostContext ??= new ObservedContext()
            : new ObservedContext();
        context.Begin(features, counts: observation.Log is { On: true });
        return context;
    }

    public Task ProcessRequestAsync(ObservedContext context)
    {
        var (http, note) = (context.Http, context.Note);
        if (http.Features.Get<OpenListener>() is { Listener.Metrics: true }) return TellAsync(context);
        note.Begin(routes.Now, _figures);
        note.TraceParent = observation.Trace(http.Request.Headers);
        return inner.ProcessRequestAsync(http);
    }

    public void DisposeContext(ObservedContext context, Exception? exception)
    {
        if (!context.Aside) Finish(context);
        context.End();
    }

    private void Finish(ObservedContext context)
    {
        var (http, note, now) = (context.Http, context.Note, routes.Now);
        var response = http.Response;
        // 499: nothing was answered, since the client had left.
        var status = response.HasStarted || response.StatusCode >= 400 ? response.StatusCode : 499;
        note.Finish(status, now, _figures);
        if (!context.Counts || observation.Log is not { } log) return;
        var request = http.Request;
        var table = routes.Table;
        note.Client = new HttpView(http, table.TrustedProxies).Client;
        (note.Method, note.Protocol) = (request.Method, request.Protocol);
        note.Host = request.Host.Value ?? "";
        note.Target = http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        note.Bytes = context.Bytes;
        (note.Referer, note.UserAgent) = (request.Headers.Referer, request.Headers.UserAgent);
        context.Note = log.Write(note);
    }

    private Task TellAsync(ObservedContext context)
    {
        context.Aside = true;
        var (request, response) = (context.Http.Request, context.Http.Response);
        var found = request.Path == "/metrics";
        response.StatusCode = found ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        response.ContentType = found ? Exposition.ContentType : "text/plain; charset=utf-8";
        var bytes = Encoding.UTF8.GetBytes(found ? metrics() : "The figures of this gateway are at /metrics.\n");
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(request.Method) ? Task.CompletedTask : response.Body.WriteAsync(bytes).AsTask();
    }
}
