namespace Tangram.Model;

/// <summary>A limit of the kernel on each process of a replica, by Compose's name for it.</summary>
public sealed record UlimitSpec(string Name, long Soft, long Hard)
{
    /// <summary>Without a limit.</summary>
    public const long None = -1;
}
