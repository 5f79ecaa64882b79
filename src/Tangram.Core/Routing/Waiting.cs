using Tangram.Model;

namespace Tangram.Routing;

/// <summary>A request that waits to be let in.</summary>
public abstract class Waiting
{
    protected Waiting(PriorityClass @class) => (Class, Place) = (@class, new LinkedListNode<Waiting>(this));

    public PriorityClass Class { get; }

    /// <summary>Where it stands in its line; used by that alone.</summary>
    internal LinkedListNode<Waiting> Place { get; }

    /// <summary>Called once, under the line's lock: return at once.</summary>
    /// <param name="admitted">False: it had to give way.</param>
    protected internal abstract void Settle(bool admitted);
}
