namespace Tangram.Cli;

/// <summary>One line that says how far it is: redrawn on a terminal, elsewhere printed whenever it changes.</summary>
internal sealed class Progress(Surroundings around)
{
    private string _last = "";

    public void Show(string line)
    {
        if (line == _last || line == "") return;
        _last = line;
        if (!around.Screen) around.Print(line);
        else around.Out.Write("\r\e[2K" + CellText.Cut(line, (around.Width ?? 80) - 1));
        around.Out.Flush();
    }

    /// <summary>Before anything else is printed.</summary>
    public void Clear()
    {
        if (around.Screen && _last != "") around.Out.Write("\r\e[2K");
        _last = "";
    }
}
