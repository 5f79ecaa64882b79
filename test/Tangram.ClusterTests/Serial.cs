// Each of these tests runs a whole cluster with real deadlines: one at a time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
