using System.Net;
using System.Text;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Records;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Records;

/// <summary>A tiny builder of requests that have passed.</summary>
internal static class Notes
{
    public static readonly DateTimeOffset At = new(2026, 11, 29, 12, 40, 24, 56, TimeSpan.Zero);
    public static readonly Route Api =
        new RouteIndex([(new RouteSpec("shop.local", "/api"), (ServiceName?)Routed.Order)]).All.Single();

    /// <summary>A request that was answered 200 after 1.5 ms by the first backend, unless told otherwise.</summary>
    public static RequestNote Of(
        RoutedService service, GatewayFigures figures, int status = 200, params Attempt[] attempts)
    {
        var note = new RequestNote();
        note.Begin(Routed.Start, figures);
        note.Take(Api);
        note.Service = service;
        for (var i = 0; i < attempts.Length; i++)
        {
            note.Begin(service, service.Backends[i % service.Backends.Length]);
            Ejection.Report(service, service.Backends[i % service.Backends.Length], in attempts[i], Routed.Start);
            note.End(in attempts[i]);
        }
        note.At = At;
        (note.Client, note.Method, note.Host) = (IPAddress.Parse("::ffff:203.0.113.9"), "GET", "shop.local");
        (note.Target, note.Protocol, note.Bytes) = ("/api/orders?token=secret", "HTTP/1.1", 2326);
        (note.Referer, note.UserAgent) = ("http://shop.local/cart?session=secret", "Mozilla/5.0");
        note.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        note.Finish(status, Routed.Start + TimeSpan.FromMilliseconds(1.5), figures);
        return note;
    }

    public static Attempt Answered(int status = 200) => new(
        status >= 500 ? AttemptOutcome.ServerError : AttemptOutcome.Answered, status, TimeSpan.FromMilliseconds(1));

    public static string Line(RequestNote note, AccessLogFormat format, bool query = false)
    {
        var line = new AccessLine();
        line.Add(note, format, query);
        return Encoding.UTF8.GetString(line.Written.Span);
    }
}
