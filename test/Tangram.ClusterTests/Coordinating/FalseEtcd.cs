using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Wire = Tangram.Coordinating.Etcd.Wire;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>Answers as an etcd of a given version and cluster, to the two calls that open a connection.</summary>
internal sealed class FalseEtcd : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FalseEtcd(WebApplication app) => _app = app;

    public string Endpoint => _app.Urls.Single();

    public static async Task<FalseEtcd> StartAsync(string version, ulong cluster)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var header = new Wire.ResponseHeader { ClusterId = cluster, Revision = 1 };
        Answer(app, "Maintenance/Status", new Wire.StatusResponse { Header = header, Version = version, Leader = 1 });
        Answer(app, "KV/Range", new Wire.RangeResponse { Header = header });
        Answer(app, "KV/Txn", new Wire.TxnResponse { Header = header, Succeeded = true });
        await app.StartAsync();
        return new FalseEtcd(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Answer(WebApplication app, string method, IMessage message) =>
        app.MapPost($"/etcdserverpb.{method}", async (HttpContext context) =>
        {
            context.Response.ContentType = "application/grpc";
            var bytes = message.ToByteArray();
            // gRPC's frame: not compressed, and the length in network order.
            byte[] frame = [0, 0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
            await context.Response.Body.WriteAsync(frame);
            context.Response.AppendTrailer("grpc-status", "0");
        });
}
