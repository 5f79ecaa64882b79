using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Checks what a service says about networks. Nothing of it reaches a process, which is in its machine's
/// network.</summary>
internal static class NetworkReader
{
    public static void Read(Fields service, Declarations declared)
    {
        Mode(service);
        var (tree, problems) = (service["networks"], service.Problems);
        if (tree is Tree.Map map)
            foreach (var entry in map.Entries)
            {
                Known(entry.Key.Text, entry.Key.Place, declared, problems);
                if (entry.Value is not Tree.Scalar { IsNull: true })
                    Fields.Open(entry.Value, DeclaredKeys.NetworkUse, entry.Key.Place, problems);
            }
        else
            foreach (var item in Scalars.Items(tree, "networks", problems))
                if (Scalars.Filled(item, "networks", problems) is { } name)
                    Known(name, item.Place, declared, problems);
    }

    private static void Known(string name, Place place, Declarations declared, ProblemList problems)
    {
        if (!declared.Networks.Contains(name))
            GrantReader.Undeclared(name, "networks", place, declared.Networks, problems);
    }

    private static void Mode(Fields service)
    {
        if (service.Filled("network_mode") is not { } mode) return;
        if (mode == "none")
            service.Problems.Error(service.PlaceOf("network_mode"),
                "'network_mode: none' would keep the process from its machine's network, and nothing here does",
                "delete it, and close the way with the machine's firewall");
        else if (mode != "host")
            service.Problems.Warn(service.PlaceOf("network_mode"),
                $"'network_mode' is {Quoted.Of(mode)}, and is passed over",
                "a process is always in its machine's network: write host");
    }
}
