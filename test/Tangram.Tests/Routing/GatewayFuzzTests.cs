using Tangram.Tests.Routing.Fuzzing;

namespace Tangram.Tests.Routing;

public sealed class GatewayFuzzTests
{
    /// <summary>A part of the seeds that <c>bench … fuzz --gateway</c> goes through.</summary>
    [Fact]
    public void Whatever_a_client_sends_is_read_as_a_dumb_reader_would()
    {
        for (ulong seed = 1; seed <= 60_000; seed++)
            if (GatewayFuzzer.Wrong(seed) is { } wrong)
                Assert.Fail($"seed {seed} (dotnet run --project bench/Tangram.Bench -c Release -- fuzz --gateway " +
                    $"--seed {seed} --seconds 0): {wrong}");
    }
}
