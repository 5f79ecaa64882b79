namespace Tangram.Cli;

/// <summary>What a command knows of the process and the machine it runs in; tests bring their own.</summary>
internal sealed record Surroundings
{
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The folder that holds one folder per cluster.</summary>
    public required string StateRoot { get; init; }
    public required string WorkingFolder { get; init; }
    public required TextWriter Out { get; set; }
    public required TextWriter Error { get; set; }

    /// <summary>A person watches standard output.</summary>
    public bool Terminal { get; init; }

    /// <summary>A person can be asked: standard input and output are a terminal.</summary>
    public bool Asks { get; init; }
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Columns of the terminal; null where lines may have any length.</summary>
    public int? Width => Terminal ? Window().Width : null;

    /// <summary>Lines of the terminal.</summary>
    public int Height => Window().Height;

    /// <summary>The size of the terminal now.</summary>
    public Func<(int Width, int Height)> Window { get; init; } = () => (80, 24);

    /// <summary>A key that was typed, if any; does not wait.</summary>
    public Func<char?> Key { get; init; } = () => null;
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Lines that were printed can be drawn over.</summary>
    public bool Screen => Terminal && Variable("TERM") != "dumb";

    public bool Colour => Screen && string.IsNullOrEmpty(Variable("NO_COLOR"));

    public static Surroundings OfThisProcess()
    {
        Func<string, string?> variable = Environment.GetEnvironmentVariable;
        return new Surroundings
        {
            Variable = variable,
            StateRoot = SocketPlace.StateRoot(variable, Environment.IsPrivilegedProcess),
            WorkingFolder = Environment.CurrentDirectory,
            Out = Console.Out,
            Error = Console.Error,
            Terminal = !Console.IsOutputRedirected,
            Asks = !Console.IsInputRedirected && !Console.IsOutputRedirected,
            In = Console.In,
            Window = () => (AtLeast(Console.WindowWidth, 20, 80), AtLeast(Console.WindowHeight, 4, 24)),
            Key = () => !Console.IsInputRedirected && Console.KeyAvailable ? Console.ReadKey(true).KeyChar : null,
        };
    }

    // A terminal that does not know its size says 0.
    private static int AtLeast(int size, int least, int otherwise) => size < least ? otherwise : size;

    /// <summary>Prints to what the console is now: a daemon leaves the terminal that it was started from.</summary>
    public void FollowConsole() => (Out, Error) = (Console.Out, Console.Error);

    public void Print(string line) => Out.WriteLine(line);

    public void PrintError(string line) => Error.WriteLine(line);

    public Task PauseAsync(TimeSpan span, CancellationToken cancellation) => Task.Delay(span, Clock, cancellation);
}
