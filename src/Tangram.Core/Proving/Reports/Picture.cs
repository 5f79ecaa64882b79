namespace Tangram.Proving.Reports;

/// <summary>A picture in SVG: panels below each other on one axis. It says in words what it shows, for those who do not
/// see it, and colours are never the only difference.</summary>
internal sealed class Picture(string id, string title, string description)
{
    public const double Width = 960, Left = 72, Right = Width - 16;

    private readonly Html _back = new(), _body = new();
    private double _height = 8;

    /// <summary>Below all panels so far, without what stands under them.</summary>
    public double Bottom { get; private set; }

    /// <summary>Takes so much height below what is there.</summary>
    /// <returns>Its top and bottom.</returns>
    public (double Top, double Bottom) Panel(string name, double height)
    {
        var top = _height + 30;
        _body.Add($"<text class=\"name\" x=\"{Left}\" y=\"{top - 8}\">{name}</text>\n");
        _height = top + height + 6;
        return (top, top + height);
    }

    public void Grid(Scale scale)
    {
        foreach (var (value, label) in scale.Ticks)
        {
            var y = scale.At(value);
            _body.Add($"<path class=\"grid\" d=\"M{Left} {y}H{Right}\"/>");
            _body.Add($"<text class=\"tick\" x=\"{Left - 6}\" y=\"{y + 4}\" text-anchor=\"end\">{label}</text>\n");
        }
    }

    /// <summary>Lines from top to bottom, and what they mean below.</summary>
    public void Columns(IEnumerable<(double X, string Label)> columns, double top)
    {
        var bottom = Bottom = _height;
        foreach (var (x, label) in columns)
        {
            _back.Add($"<path class=\"grid\" d=\"M{x} {top}V{bottom}\"/>");
            _body.Add($"<text class=\"tick\" x=\"{x}\" y=\"{bottom + 16}\" text-anchor=\"middle\">{label}</text>\n");
        }
        _height += 24;
    }

    /// <summary>Each slot from its beginning to its end: what is one second long is seen too, and nothing is made up
    /// between two slots.</summary>
    public void Steps(string kind, TimeSlots slots, Axis time, Scale scale, Func<TimeSlot, double?> of)
    {
        var path = new Html();
        var on = false;
        foreach (var slot in slots.All)
        {
            if (of(slot) is { } value)
            {
                if (on) path.Add($"V{scale.At(value)}");
                else path.Add($"M{time.At(slot.From)} {scale.At(value)}");
                path.Add($"H{time.At(slot.To)}");
            }
            on = of(slot) is not null;
        }
        _body.Add($"<path class=\"line {kind}\" d=\"{path}\"/>\n");
    }

    /// <summary>However few, they are seen.</summary>
    public void Bars(string kind, TimeSlots slots, Axis time, Scale scale, Func<TimeSlot, double> of)
    {
        var path = new Html();
        foreach (var slot in slots.All.Where(slot => of(slot) > 0))
        {
            var (from, to) = (time.At(slot.From), Math.Max(time.At(slot.To), time.At(slot.From) + 1.5));
            path.Add($"M{from} {scale.At(0)}V{Math.Min(scale.At(of(slot)), scale.At(0) - 2)}H{to}V{scale.At(0)}Z");
        }
        _body.Add($"<path class=\"bar {kind}\" d=\"{path}\"/>\n");
    }

    public void Line(string kind, IEnumerable<(double X, double Y)> points)
    {
        var path = new Html();
        var letter = "M";
        foreach (var (x, y) in points)
        {
            path.Add($"{letter}{x} {y}");
            letter = "L";
        }
        _body.Add($"<path class=\"line {kind}\" d=\"{path}\"/>\n");
    }

    public void Raw(Html part) => _body.Add(part);

    /// <summary>Samples of lines and bars with their names, above the first panel.</summary>
    public static Html Legend(params (string Kind, string Name)[] entries)
    {
        var html = new Html().Add($"<p class=\"legend\">");
        foreach (var (kind, name) in entries)
            html.Add($"<span><svg aria-hidden=\"true\" width=\"30\" height=\"12\"><path class=\"{kind}\" ")
                .Add($"d=\"M2 6H28\"/></svg> {name}</span> ");
        return html.Add($"</p>\n");
    }

    public Html Made() => new Html()
        .Add($"<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{title}\">")
        .Add($"<svg class=\"picture\" viewBox=\"0 0 {Width} {_height}\" role=\"img\" ")
        .Add($"aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n")
        .Add($"<desc id=\"{id}-desc\">{description}</desc>\n").Add(_back).Add($"\n").Add(_body).Add($"</svg></div>\n");
}
