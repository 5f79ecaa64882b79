using System.Net;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Lab;

/// <summary>Tangram's own programs are replaced on a machine, as for an upgrade.</summary>
internal static class LabRestarts
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>SIGTERM, and the same again when it has ended. Its replicas run on.</summary>
    public static async Task RestartAsync(this ShopLab shop, LabMachine machine)
    {
        var replicas = machine.Replicas();
        var role = machine.Programs.Last(p => p.Name.StartsWith("tangram ", StringComparison.Ordinal) && !p.HasEnded);
        var begun = TimeProvider.System.GetTimestamp();
        role.Terminate();
        var code = await role.EndAsync(Patience);
        Figures.Note(FormattableString.Invariant($"{machine.Name} ended within ") +
            FormattableString.Invariant($"{TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0.0} s"));
        Assert.True(code == 0, $"{machine.Name}: {role.Name} ended with {code}\n{machine.Tail()}");
        shop.StartProgram(machine);
        Assert.Equal(replicas, machine.Replicas());
    }

    /// <summary>Waits until this gateway answers a request.</summary>
    public static async Task AnswersAsync(this ShopLab shop, LabMachine gateway)
    {
        using var http = shop.Client.Http(Patience);
        var begun = TimeProvider.System.GetTimestamp();
        await Until.SomeAsync(async () =>
        {
            try
            {
                using var answer = await http.GetAsync(shop.Orders(gateway));
                return answer.StatusCode == HttpStatusCode.OK ? gateway : null;
            }
            // On a slow machine it begins only after its keeper has given the port up.
            catch (HttpRequestException) { return null; }
        }, Patience, () => $"{gateway.Name} answers\n{gateway.Tail()}");
        Figures.Note(FormattableString.Invariant($"{gateway.Name} answered after ") +
            FormattableString.Invariant($"{TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0.0} s"));
    }
}
