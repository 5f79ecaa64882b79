using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing.Doctoring;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Cli;

/// <summary>Runs the command line in this process, in folders of its own, and keeps what it printed.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly StringWriter _out = new(), _error = new();
    private readonly TextWriter _toOut, _toError;

    public Terminal()
    {
        (_toOut, _toError) = (TextWriter.Synchronized(_out), TextWriter.Synchronized(_error));
        Entrances = MakeEntrances();
    }

    private Entrances MakeEntrances() => new()
    {
        ReadFiles = request => File.ReadAllText(request.Files[0]).Contains("broken", StringComparison.Ordinal)
            ? new(null, [new Problem(Severity.Error, new Place(request.Files[0], 3, 5), "'replica' is not a key",
                "Write 'replicas'")])
            : new(Documents.Spec(1), []) { Resolved = () => "name: \"shop\"\n" },
        Up = (_, _) => throw new InvalidOperationException(),
        PlanAlone = (spec, _) => $"{spec.Name} would be new",
        Server = (_, _) => throw new InvalidOperationException(),
        Agent = (_, _) => throw new InvalidOperationException(),
        Gateway = (_, _) => throw new InvalidOperationException(),
        Load = (request, _, _) => { Load = request; return Task.FromResult(Exit.Done); },
        Scenario = (request, _, _) => { Scenario = request; return Task.FromResult(Exit.Done); },
        IsAccessLog = file => file is "access.log" or "-",
        Replay = (request, _, _) => { Replay = request; return Task.FromResult(Exit.Done); },
        Simulate = (request, _, _) => { Simulation = request; return Task.FromResult(Exit.Failed); },
        Trust = Tangram.Coordinating.Trust.TrustEntrance.Run,
        DownWithoutDaemon = (folder, _) => Task.FromResult($"stopped what was left in {Path.GetFileName(folder)}"),
        ReadMachine = (_, _) => Machine, SetKernel = setting => Kernel(setting),
        ReadLog = Lines,
    };

    public Entrances Entrances { get; set; }
    public string StateRoot { get; } = Directory.CreateTempSubdirectory("tangram-state-").FullName;
    public string WorkingFolder { get; } = Directory.CreateTempSubdirectory("tangram-work-").FullName;
    public Dictionary<string, string> Variables { get; } = [];
    public TimeProvider Clock { get; init; } = TimeProvider.System;
    public MachineFacts Machine { get; set; } = new() { Root = true, Cores = 2 };
    public Func<KernelSetting, SettingOutcome> Kernel { get; set; } = _ => throw new InvalidOperationException();

    /// <summary>What a person answers; null: nobody is there.</summary>
    public string? Answer { get; set; }

    /// <summary>Null: what is printed goes to a pipe.</summary>
    public int? Columns { get; init; }

    /// <summary>What was typed and not yet read.</summary>
    public char? Typed { get; set; }
    public LoadRequest? Load { get; private set; }
    public ScenarioRequest? Scenario { get; private set; }
    public ReplayRequest? Replay { get; private set; }
    public SimulateRequest? Simulation { get; private set; }
    public string Out => Read(_toOut, _out);
    public string Error => Read(_toError, _error);

    public Surroundings Around => new()
    {
        Variable = Variables.GetValueOrDefault, StateRoot = StateRoot, WorkingFolder = WorkingFolder,
        Out = _toOut, Error = _toError, Clock = Clock,
        Asks = Answer is not null, In = new StringReader(Answer ?? ""),
        Terminal = Columns is not null, Window = () => (Columns ?? 80, 10), Key = () => Typed,
    };

    public Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(args, Around, Entrances);

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(WorkingFolder, name), text);

    public void Dispose()
    {
        Directory.Delete(StateRoot, recursive: true);
        Directory.Delete(WorkingFolder, recursive: true);
    }

    /// <summary>A command that still runs may be printing: its writer locks itself.</summary>
    private static string Read(TextWriter gate, StringWriter text)
    {
        lock (gate) return text.ToString();
    }

    private static async IAsyncEnumerable<string> Lines(LogRequest request,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var path = Path.Combine(request.Folder, request.Replica.Value + ".log");
        var lines = await File.ReadAllLinesAsync(path, cancellation);
        foreach (var line in request.Tail is { } tail ? lines.TakeLast(tail) : lines) yield return line;
    }
}
