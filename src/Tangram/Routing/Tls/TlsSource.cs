using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>What people are told of it.</summary>
internal readonly record struct Told(EquatableArray<string> Names, CertificateLife Life);

/// <summary>Files that are read again when they have changed. Not thread-safe.</summary>
internal sealed class TlsSource<T>(
    CertificateFiles files, Func<CertificateFiles, T> read, Func<T, Told> tell, TimeProvider time, Action<string> say)
    where T : class
{
    private readonly Announcer _announcer = new(time, say, TimeSpan.FromDays(1));
    private string _stamp = "", _settling = "";

    public CertificateFiles Files => files;

    /// <summary>What was read last and can be used; null: nothing yet.</summary>
    public T? Content { get; private set; }

    /// <summary>Why there is nothing; null when there is.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Reads it unless it was. Returns why it cannot be used.</summary>
    public string? ReadFirst()
    {
        if (Content is not null) return null;
        _stamp = _settling = Stamp();
        try
        {
            Content = read(files);
            Warn();
            return null;
        }
        catch (TrustException e)
        {
            return Trouble = e.Message;
        }
    }

    /// <summary>True when there is something new to show. Two files are never replaced at the same moment, so they are
    /// read only once they look the same twice.</summary>
    public bool Look()
    {
        Warn();
        var stamp = Stamp();
        var settled = stamp == _settling;
        _settling = stamp;
        if (!settled || stamp == _stamp) return false;
        _stamp = stamp;
        try
        {
            Content = read(files);
            Trouble = null;
        }
        catch (TrustException e)
        {
            if (Content is null) Trouble = e.Message;
            say(e.Message + (Content is null ? "" : ". What was read before stays in force"));
            return false;
        }
        var (names, life) = tell(Content);
        var @for = names.Count == 0 ? "" : $", for {string.Join(", ", names)}";
        say($"{files.Asked.Cert} has changed and is in force{@for}, until {CertificateLife.Shown(life.Until)}");
        Warn();
        return true;
    }

    /// <summary>The same sentence once a day.</summary>
    public void Say(string sentence) => _announcer.Say(sentence);

    private void Warn()
    {
        if (Content is null) return;
        var life = tell(Content).Life;
        if (life.Warning(time.GetUtcNow()) is null) return;
        var ended = life.Refusal(time.GetUtcNow());
        var why = ended ?? $"it ends on {CertificateLife.Shown(life.Until)}";
        Say($"{files.Asked.Cert} must be renewed: {why}. {files.Renewal}");
    }

    /// <summary>Through links, by which certificates are often renewed.</summary>
    private string Stamp() => string.Join(' ', from file in (string[])[files.Cert, files.Key] select StampOf(file));

    private static string StampOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
                file = target;
            return file.Exists ? $"{file.FullName}:{file.LastWriteTimeUtc.Ticks}:{file.Length}" : "none";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "hidden";
        }
    }
}
