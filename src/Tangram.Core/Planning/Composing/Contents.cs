using System.Text;
using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Reads what configs and secrets hold.</summary>
public static class Contents
{
    /// <summary>As in Swarm: what every node that needs it keeps, and a server reads at each deploy.</summary>
    public const int LargestConfig = 1_000_000, LargestSecret = 500_000;

    /// <summary>Of one deploy. In base64 it stays below the 16 MB that the API takes, with room for the
    /// spec.</summary>
    public const long LargestTogether = 8_000_000;

    /// <summary>What could be read; the problems of the rest are noted.</summary>
    /// <param name="variable">A variable, as it is known in the file that asks for it.</param>
    public static EquatableArray<CarriedContent> Read(IEnumerable<ContentAsked> asked, IComposeFiles files,
        Func<string, Place, string?> variable, ProblemList problems)
    {
        var read = new List<CarriedContent>();
        long together = 0;
        foreach (var one in asked)
        {
            if (together > LargestTogether) break;
            var bytes = one switch
            {
                { Path: { } path } => files.Bytes(path, Most(one), one.Place, problems),
                { Text: { } text } => Encoding.UTF8.GetBytes(text),
                _ => OfVariable(one, variable, problems),
            };
            if (bytes is null || !Fits(one, bytes.Length, ref together, problems)) continue;
            read.Add(new CarriedContent(one.Kind, one.Name, new Content(bytes)));
        }
        return read.ToEquatableArray();
    }

    private static byte[]? OfVariable(ContentAsked one, Func<string, Place, string?> variable, ProblemList problems)
    {
        if (variable(one.Variable!, one.Place) is { } value) return Encoding.UTF8.GetBytes(value);
        problems.Error(one.Place,
            $"{Quoted.Of(one.Name)} takes the variable {Quoted.Of(one.Variable!)}, which is not set",
            "set it in your environment or in .env, or write file: instead");
        return null;
    }

    private static int Most(ContentAsked one) => one.Kind == GrantKind.Config ? LargestConfig : LargestSecret;

    private static bool Fits(ContentAsked one, int bytes, ref long together, ProblemList problems)
    {
        var most = Most(one);
        if (bytes > most)
            problems.Error(one.Place, $"{Quoted.Of(one.Name)} holds {bytes} bytes, and the most is {most}",
                "put it into the service's x-tangram.files folder, which has no such limit");
        else if ((together += bytes) > LargestTogether && together - bytes <= LargestTogether)
            problems.Error(one.Place, $"all configs and secrets hold more than {LargestTogether} bytes together",
                "put large ones into the x-tangram.files folders of their services");
        return bytes <= most && together <= LargestTogether;
    }
}
