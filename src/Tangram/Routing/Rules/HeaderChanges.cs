using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>Makes a route's changes to headers.</summary>
internal static class HeaderChanges
{
    public static void Make(HeaderChange change, IHeaderDictionary headers)
    {
        if (change.Verb == HeaderVerb.Remove) headers.Remove(change.Name);
        else if (change.Verb == HeaderVerb.Set) headers[change.Name] = change.Value;
        else headers.Append(change.Name, change.Value);
    }
}
