using Tangram.Proving;

namespace Tangram.ClusterTests.Proving;

[Collection(nameof(Alone))]
public sealed class PlatformLoadTests : LoadTests
{
    protected override LoadEngine Engine => LoadEngine.Platform;
}
