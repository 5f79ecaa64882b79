using System.Xml;
using System.Xml.Linq;
using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>An element of a test plan with those below it: in the file its <c>hashTree</c> is the element that follows.
/// Remembers which of its properties were asked for.</summary>
internal sealed class JmxElement
{
    public const int Deepest = 100, Most = 100_000;

    private readonly XElement _xml;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private JmxElement(XElement xml, Place place) => (_xml, Place) = (xml, place);

    public Place Place { get; }
    public List<JmxElement> Below { get; } = [];

    /// <summary>The kind, without the package in which JMeter keeps it.</summary>
    public string Kind => _xml.Name.LocalName.Split('.')[^1];
    public string FullKind => _xml.Name.LocalName;
    public string Name => (string?)_xml.Attribute("testname") ?? "";
    public bool Enabled => (string?)_xml.Attribute("enabled") is not "false";

    /// <summary>For messages.</summary>
    public string Shown => Name.Length == 0 ? Kind : $"{Kind} {Planning.Quoted.Of(Name)}";

    /// <summary>The plan's own elements; null after the problem was told.</summary>
    public static List<JmxElement>? Read(string text, string file, Action<Place, string, string> problem)
    {
        XDocument document;
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings
            {
                DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true,
            });
            document = XDocument.Load(reader, System.Xml.Linq.LoadOptions.SetLineInfo);
        }
        catch (XmlException e)
        {
            problem(new Place(file, Math.Max(1, e.LineNumber), Math.Max(1, e.LinePosition)),
                $"this is not XML: {e.Message.TrimEnd('.')}", "save the plan again in JMeter");
            return null;
        }
        var root = document.Root!;
        if (root.Name.LocalName != "jmeterTestPlan" || root.Element("hashTree") is not { } tree)
        {
            problem(PlaceOf(root, file), $"this is a {Planning.Quoted.Of(root.Name.LocalName)} and no test plan",
                "name a file that begins with jmeterTestPlan and a hashTree");
            return null;
        }
        var (all, count) = (new List<JmxElement>(), 0);
        return Fill(tree, all, file, 1, ref count, problem) ? all : null;
    }

    /// <summary>Texts of any kind; null when it is not there.</summary>
    public string? Text(string name)
    {
        _read.Add(name);
        return Find(name) is { HasElements: false } found ? found.Value : null;
    }

    public string Text(string name, string otherwise) => Text(name) is { Length: > 0 } text ? text : otherwise;

    public bool Flag(string name) =>
        Text(name) is { } text && text.Trim().Equals("true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The elements of a collection, each as one whose properties can be asked for.</summary>
    public IReadOnlyList<JmxElement> Items(string name)
    {
        _read.Add(name);
        return Find(name) is not { } found ? [] : [.. found.Elements().Select(e => new JmxElement(e, Place))];
    }

    /// <summary>Of an item: its text.</summary>
    public string Value => _xml.HasElements ? "" : _xml.Value;

    /// <summary>A property that is an element itself, such as a sampler's arguments.</summary>
    public JmxElement? Inner(string name)
    {
        _read.Add(name);
        return Find(name) is { } found ? new JmxElement(found, PlaceOf(found, Place.File)) : null;
    }

    /// <summary>Properties that say something and that nobody asked for.</summary>
    public IEnumerable<(Place Place, string Name, string Value)> Unread() => _xml.Elements()
        .Select(e => (Place: PlaceOf(e, Place.File), Name: NameOf(e), Value: e.HasElements ? "…" : e.Value))
        .Where(property => property.Name.Length > 0 && !_read.Contains(property.Name)
            && property.Value.Trim() is not ("" or "false" or "0" or "-1"));

    private static bool Fill(XElement tree, List<JmxElement> into, string file, int depth, ref int count,
        Action<Place, string, string> problem)
    {
        JmxElement? last = null;
        foreach (var xml in tree.Elements())
        {
            if (depth > Deepest || ++count > Most)
            {
                problem(PlaceOf(xml, file), depth > Deepest ? $"the plan is nested more than {Deepest} deep"
                    : $"the plan has more than {Most} elements", "take some out");
                return false;
            }
            if (xml.Name.LocalName != "hashTree") into.Add(last = new JmxElement(xml, PlaceOf(xml, file)));
            else if (last is null && xml.HasElements)
            {
                problem(PlaceOf(xml, file), "this hashTree follows no element", "save the plan again in JMeter");
                return false;
            }
            else if (last is not null && !Fill(xml, last.Below, file, depth + 1, ref count, problem)) return false;
        }
        return true;
    }

    private XElement? Find(string name) => _xml.Elements().FirstOrDefault(e => NameOf(e) == name);

    /// <summary>A doubleProp has its name and its value inside.</summary>
    private static string NameOf(XElement xml) =>
        (string?)xml.Attribute("name") ?? (string?)xml.Element("name") ?? "";

    /// <summary>Of a doubleProp.</summary>
    public string? Double(string name)
    {
        _read.Add(name);
        return Find(name) is { } found ? (string?)found.Element("value") ?? found.Value : null;
    }

    private static Place PlaceOf(XElement xml, string file) =>
        xml is IXmlLineInfo info && info.HasLineInfo()
            ? new Place(file, info.LineNumber, Math.Max(1, info.LinePosition - 1)) : new Place(file, 1, 1);
}
