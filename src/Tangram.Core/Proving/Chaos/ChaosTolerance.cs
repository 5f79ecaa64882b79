using System.Globalization;
using System.Text.RegularExpressions;
using Tangram.Model;

namespace Tangram.Proving.Chaos;

/// <summary>Which answers of a probe are as they should be.</summary>
public abstract record ChaosTolerance
{
    private ChaosTolerance() { }

    public abstract bool Holds(ChaosAnswer answer);

    /// <summary>A number or several: the status, or the exit code, is one of them.</summary>
    public sealed record Statuses(EquatableArray<int> All) : ChaosTolerance
    {
        public override bool Holds(ChaosAnswer answer) => answer.Status is { } status && All.Contains(status);
        public override string ToString() => $"status {string.Join(" or ", All)}";
    }

    /// <summary>true: it went well, which is an exit code of 0, or an answer of HTTP below 400; false: it did
    /// not.</summary>
    public sealed record Went(bool Well) : ChaosTolerance
    {
        public override bool Holds(ChaosAnswer answer) => answer.Status is (0 or (>= 100 and < 400)) == Well;
        public override string ToString() => Well ? "success" : "failure";
    }

    /// <summary>A text: what was answered is it, but for blanks around it.</summary>
    public sealed record Words(string Text) : ChaosTolerance
    {
        public override bool Holds(ChaosAnswer answer) =>
            answer.Status is not null && answer.Text.Trim() == Text.Trim();
        public override string ToString() => $"the text '{Text}'";
    }

    /// <summary><c>{type: regex}</c>: it matches somewhere in what was answered.</summary>
    public sealed record Pattern(string Expression) : ChaosTolerance
    {
        /// <summary>In linear time, so that no expression can hang a drill.</summary>
        public override bool Holds(ChaosAnswer answer) =>
            answer.Status is not null && Regex.IsMatch(answer.Text, Expression, RegexOptions.NonBacktracking);
        public override string ToString() => $"a match of '{Expression}'";
    }

    /// <summary><c>{type: range}</c>: what was answered is a number from one to the other.</summary>
    public sealed record Between(double Least, double Most) : ChaosTolerance
    {
        public override bool Holds(ChaosAnswer answer) => answer.Status is not null
            && double.TryParse(answer.Text.Trim(), CultureInfo.InvariantCulture, out var number)
            && number >= Least && number <= Most;
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"a number from {Least} to {Most}");
    }
}
