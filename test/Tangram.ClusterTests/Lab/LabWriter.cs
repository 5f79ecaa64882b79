using Tangram.Cli;
using Tangram.ClusterTests.Drilling;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.ClusterTests.Lab;

internal enum Ending { Acknowledged, AcknowledgedAsSame, Refused, Unknown }

/// <param name="Number">They are made one after the other, from 1.</param>
internal sealed record LabChange(int Number, Ending Ending, string Server, string Said);

/// <summary>Changes the cluster again and again, by whichever server answers, and remembers what it was told.
/// A change sets how many replicas each of seven small services has, one more or less than before: 2187 changes differ
/// from each other.</summary>
internal sealed class LabWriter(ShopLab shop, int seed)
{
    /// <summary>Each service has none, one or two replicas.</summary>
    private const int Services = 7, Most = 2;

    /// <summary>Three to the power of seven: no run makes as many.</summary>
    public const int Different = 2187;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4), Pause = TimeSpan.FromSeconds(0.4);

    private readonly Random _chance = new(seed);
    private readonly List<LabChange> _made = [];

    public IReadOnlyList<LabChange> Made => _made;

    /// <summary>For the shop's file.</summary>
    public static string Text => string.Concat(Enumerable.Range(0, Services).Select(i =>
        $"  {Name(i)}:\n    command: [sleep, '1000000']\n    deploy: {{ replicas: 0 }}\n"));

    public async Task WriteAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var number = _made.Count + 1;
            var server = shop.Servers[_chance.Next(shop.Servers.Length)];
            var (ending, said) = await ChangeAsync(server, number);
            _made.Add(new LabChange(number, ending, server.Name, said));
            await Until.PassedAsync(Pause);
        }
    }

    public static Scale[] Counts(int number) => [.. Enumerable.Range(0, Services)
        .Select(i => new Scale(ServiceName.Of(Name(i)), Count(number, i)))];

    /// <summary>Which of the different changes an <see cref="Asked"/> is.</summary>
    public static int Of(Asked asked)
    {
        var counts = Enumerable.Range(0, Services).Select(i =>
            asked.Scale.FirstOrDefault(s => s.Service.Value == Name(i))?.Replicas ?? 0).ToArray();
        return Enumerable.Range(0, Different).Single(n => Enumerable.Range(0, Services).All(i => Count(n, i)
            == counts[i]));
    }

    /// <summary>Whether a server shows that this change is in force.</summary>
    public static bool InForce(StatusView status, int change) => Enumerable.Range(0, Services).All(i =>
        status.Services.Single(s => s.Name == Name(i)).Desired == Count(change, i));

    /// <summary>Reflected: from one number to the next a single count changes, by one.</summary>
    private static int Count(int number, int service)
    {
        number %= Different;
        for (var i = 0; i < service; i++) number /= Most + 1;
        var (rest, count) = (number / (Most + 1), number % (Most + 1));
        return rest % 2 == 0 ? count : Most - count;
    }

    private static string Name(int i) => $"tally{i}";

    private async Task<(Ending, string)> ChangeAsync(LabMachine server, int number)
    {
        var body = ViewJson.Write(Counts(number));
        using var client = shop.ClientOf(server);
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            var done = await client.PostAsync("/v1/scale", body, limit.Token);
            return (done.Changed ? Ending.Acknowledged : Ending.AcknowledgedAsSame, done.What);
        }
        catch (CommandFailure e)
        {
            var nothing = e.Message.Contains("Nothing was changed", StringComparison.Ordinal);
            return (nothing ? Ending.Refused : Ending.Unknown, e.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return (Ending.Unknown, e.Message);
        }
    }
}
