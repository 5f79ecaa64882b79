using Tangram.Proving;

namespace Tangram.ClusterTests.Proving;

[Collection(nameof(Alone))]
public sealed class RawLoadTests : LoadTests
{
    protected override LoadEngine Engine => LoadEngine.Raw;
}
