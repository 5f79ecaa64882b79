using System.Globalization;
using System.Text;

namespace Tangram.Routing.Records;

/// <summary>Prometheus' text format, version 0.0.4: families, each with its samples.</summary>
public sealed class Exposition
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();
    private string _family = "";

    public override string ToString() => _text.ToString();

    /// <summary>What follows belongs to it.</summary>
    /// <param name="type">counter, gauge or histogram.</param>
    public void Family(string name, string type, string help)
    {
        _family = name;
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", @"\\").Replace("\n", @"\n"))
            .Append('\n').Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    /// <param name="labels">Names and values, as in <c>code="2xx"</c>: made by <see cref="Label"/>.</param>
    public void Sample(double value, params ReadOnlySpan<string> labels) => Sample("", value, labels);

    public void Histogram(LatencyBuckets buckets, params ReadOnlySpan<string> labels)
    {
        var counts = buckets.Cumulative();
        for (var i = 0; i < LatencyBuckets.Told.Length; i++)
            Sample("_bucket", counts[i], [.. labels, Label("le", Text(LatencyBuckets.Told[i]))]);
        Sample("_bucket", counts[^1], [.. labels, Label("le", "+Inf")]);
        Sample("_sum", buckets.Sum, labels);
        Sample("_count", counts[^1], labels);
    }

    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n")}\"";

    private void Sample(string suffix, double value, ReadOnlySpan<string> labels)
    {
        _text.Append(_family).Append(suffix);
        for (var i = 0; i < labels.Length; i++) _text.Append(i == 0 ? '{' : ',').Append(labels[i]);
        if (labels.Length > 0) _text.Append('}');
        _text.Append(' ').Append(Text(value)).Append('\n');
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
