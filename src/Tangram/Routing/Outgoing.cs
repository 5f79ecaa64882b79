using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>Makes of a client's request what its backend shall get, once and in place: every attempt and every copy of
/// it says the same.</summary>
internal static class Outgoing
{
    /// <param name="keep">What the caller says of its own client is believed and added to; otherwise it is replaced,
    /// since any client could claim any address.</param>
    public static void Prepare(HttpContext context, bool keep, EquatableArray<HeaderChange> changes)
    {
        var headers = context.Request.Headers;
        ForgetNominated(headers);
        Forwarded.Write(context, keep);
        foreach (var change in changes) HeaderChanges.Make(change, headers);
    }

    /// <summary>What the client says is for us only (RFC 9110, 7.6.1).</summary>
    private static void ForgetNominated(IHeaderDictionary headers)
    {
        foreach (var value in headers.Connection)
        {
            if (value is null || IsUsual(value)) continue;
            foreach (var name in value.Split(',', StringSplitOptions.TrimEntries))
                if (!HeaderRules.BelongsToConnection(name) && !name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                    headers.Remove(name);
        }
    }

    private static bool IsUsual(string value) => value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        || value.Equals("close", StringComparison.OrdinalIgnoreCase)
        || value.Equals("upgrade", StringComparison.OrdinalIgnoreCase);
}
