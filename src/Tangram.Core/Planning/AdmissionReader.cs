using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>x-tangram.admission</c> of a service.</summary>
internal static class AdmissionReader
{
    /// <summary>Longer than this no client waits for a beginning.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>Null when every request is let in.</summary>
    public static AdmissionSpec? Read(Fields tangram)
    {
        if (tangram["admission"] is null or Tree.Scalar { Text: "off" }) return null;
        if (tangram["admission"] is Tree.Scalar { Text: "auto" }) return new AdmissionSpec();
        var fields = tangram.Open("admission", ServiceKeys.Admission);
        if (!fields.IsMap) return null;
        var usual = new AdmissionSpec();
        var limit = fields["limit"] is null or Tree.Scalar { Text: "auto" }
            ? null
            : fields.WholeOrNull("limit", 1, AdmissionSpec.LargestLimit);
        var admission = new AdmissionSpec
        {
            Limit = limit,
            Min = fields.Whole("min", usual.Min, 1, AdmissionSpec.LargestLimit),
            Max = fields.Whole("max", usual.Max, 1, AdmissionSpec.LargestLimit),
            Queue = fields.Whole("queue", usual.Queue, 0, AdmissionSpec.LongestQueue),
            QueueTime = fields.Duration("queue_time", usual.QueueTime, positive: true),
        };
        Check(fields, admission);
        return admission;
    }

    private static void Check(Fields fields, AdmissionSpec admission)
    {
        var problems = fields.Problems;
        if (admission.Limit is not null)
            foreach (var key in new[] { "min", "max" })
                if (fields[key] is { } bound)
                    problems.Error(bound.Place, $"'{key}' is for a limit that finds itself",
                        "delete it, or write limit: auto");
        if (admission.Limit is null && admission.Min > admission.Max)
            problems.Error(fields.PlaceOf(fields["min"] is null ? "max" : "min"),
                $"'min' is {admission.Min} and 'max' is {admission.Max}", "let 'min' be the smaller one");
        if (admission.QueueTime > LongestWait)
            problems.Error(fields.PlaceOf("queue_time"), "'queue_time' is longer than 1m",
                "write less: clients have given up by then, and the work is done for nobody");
    }
}
