namespace Tangram.ClusterTests.Proving;

/// <summary>Tests that measure time run after the others, one by one.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
