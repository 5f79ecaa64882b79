using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>Which revisions of a service a request may go to.</summary>
public enum RevisionSide { Any, Newest, Older }

/// <summary>Where a split sends a request.</summary>
public readonly record struct Side(ServiceName Service, RevisionSide Revision);

/// <summary>Shares of the requests go elsewhere.</summary>
public static class Split
{
    /// <summary>The shares stand beside each other from 0 on, in the file's order, and what is left belongs to the
    /// service itself. So whoever was in a share stays there when it grows, as long as it is the first.</summary>
    /// <param name="at">From 0 to 1: of the user, or by chance.</param>
    public static Side Choose(SplitSpec split, ServiceName own, double at)
    {
        var end = 0.0;
        var rest = RevisionSide.Any;
        foreach (var share in split.Shares)
        {
            end += share.Share;
            if (at < end) return share.To is { } other ? new(other, RevisionSide.Any) : new(own, RevisionSide.Newest);
            if (share.To is null) rest = RevisionSide.Older;
        }
        return new Side(own, rest);
    }

    /// <summary>A service's own backends have their users by one hash; each split has its own, so that it is not always
    /// the same users who try what is new.</summary>
    public static ulong Seed(RouteSpec route, ServiceName own) =>
        RequestKey.Of(route.Path, RequestKey.Of(route.Host, RequestKey.Of(own.Value, 0)));
}
