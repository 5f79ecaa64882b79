namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>A gateway before one backend that reads strictly.</summary>
public sealed class StrictBed : IAsyncLifetime
{
    private GatewayBed? _bed;

    internal WireBackend Backend { get; } = new();
    internal GatewayBed Bed => _bed!;
    public int Port => Bed.Port;

    public async ValueTask InitializeAsync() => _bed = await GatewayBed.StartAsync(Backend.Port);

    public async ValueTask DisposeAsync()
    {
        await Bed.DisposeAsync();
        await Backend.DisposeAsync();
    }
}
