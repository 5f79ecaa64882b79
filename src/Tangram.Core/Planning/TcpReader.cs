using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>x-tangram.gateway.tcp</c>.</summary>
internal static class TcpReader
{
    private const string Form = "write it like tcp://*:5432 or tcp://127.0.0.1:5432";

    /// <summary>The addresses, each once, and what becomes of their connections.</summary>
    public static (IReadOnlyList<Placed<Listener>> Listeners, EquatableArray<TcpSpec> Specs) Read(
        Fields gateway, IReadOnlyCollection<ServiceName> services)
    {
        var (listeners, specs) = (new List<Placed<Listener>>(), new List<TcpSpec>());
        foreach (var item in gateway.Items("tcp"))
        {
            var fields = Fields.Open(item, TopKeys.Tcp, item.Place, gateway.Problems);
            if (Spec(fields, services) is not var (spec, listener)) continue;
            var same = specs.Where(other => other.Listen == spec.Listen).ToList();
            if (same.Any(other => other.Sni == spec.Sni))
                gateway.Problems.Error(item.Place,
                    $"{spec.Listen} is given twice for {spec.Sni ?? "every connection"}",
                    "keep one of them, or tell them apart by sni");
            else if (same.Any(other => other.AcceptProxy != spec.AcceptProxy))
                gateway.Problems.Error(item.Place, $"{spec.Listen} shall begin with the PROXY protocol, and shall not",
                    "write accept_proxy: true at each of its entries, or at none");
            if (same.Count == 0) listeners.Add(new(listener, fields.PlaceOf("listen")));
            specs.Add(spec);
        }
        return (listeners, specs.ToEquatableArray());
    }

    private static (TcpSpec, Listener)? Spec(Fields fields, IReadOnlyCollection<ServiceName> services)
    {
        foreach (var missing in (string[])["listen", "service"])
            if (fields.IsMap && fields[missing] is null)
                fields.Problems.Error(fields.Place, $"'{missing}' is missing", $"add {missing}: to it");
        var listener = Address(fields);
        var service = Service(fields, services);
        var spec = new TcpSpec
        {
            Listen = listener?.ToString() ?? "", Service = service ?? default, Sni = Sni(fields),
            AcceptProxy = fields.Flag("accept_proxy", false),
            SendProxy = fields.Choice("send_proxy", (int?)null, [("v1", 1), ("v2", 2)]),
            Idle = fields.Duration("idle", TcpSpec.DefaultIdle, positive: true),
        };
        return listener is null || service is null ? null : (spec, listener);
    }

    private static Listener? Address(Fields fields)
    {
        if (fields.Filled("listen") is not { } text) return null;
        var found = text.StartsWith("tcp://", StringComparison.OrdinalIgnoreCase)
            ? GatewayReader.Address(text["tcp://".Length..], "", "tcp") : null;
        if (found is null or { Port: 0 })
            fields.Problems.Error(fields.PlaceOf("listen"),
                $"'listen' is {Quoted.Of(text)}, where no connection can be taken", Form);
        return found is { Port: 0 } ? null : found;
    }

    private static ServiceName? Service(Fields fields, IReadOnlyCollection<ServiceName> services)
    {
        if (fields.Filled("service") is not { } text) return null;
        if (services.FirstOrDefault(known => known.Value == text) is { Value: not null } service) return service;
        var near = NearMiss.Of(text, services.Select(known => known.Value));
        fields.Problems.Error(fields.PlaceOf("service"), $"there is no service {Quoted.Of(text)} that runs",
            near is null ? "name one of this file" : $"write {near}");
        return null;
    }

    private static string? Sni(Fields fields)
    {
        if (fields.Filled("sni") is not { } text) return null;
        var labels = (text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text).Split('.');
        if (text.Length <= 253 && labels.All(label => label.Length is > 0 and <= 63
                && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))) return text.ToLowerInvariant();
        fields.Problems.Error(fields.PlaceOf("sni"), $"'sni' is {Quoted.Of(text)}, which is not a host's name",
            "write a name such as shop.test, or *.shop.test for those one label below it");
        return null;
    }
}
