using System.Text;
using Tangram.Routing.Http1;

namespace Tangram.Tests.Routing.Http1.Fuzzing;

/// <summary>What the gateway understands of the bytes of one connection, told as a text. Answers to HEAD and to other
/// requests take turns.</summary>
internal static class AnswerStream
{
    /// <param name="piece">How many bytes come next.</param>
    /// <param name="anew">A new reader for each head, so that none can know of another.</param>
    public static string Told(byte[] bytes, Func<int> piece, bool anew = false)
    {
        var told = new StringBuilder();
        var (head, at, come) = (new AnswerHead(), 0, 0);
        for (var isHead = false; ; isHead = !isHead)
        {
            do
            {
                if (anew) head = new AnswerHead();
                HeadRead read;
                int length;
                while ((read = head.Read(bytes.AsSpan(at, come - at), out length)) == HeadRead.More
                    && More(bytes, piece, ref come)) { }
                if (read != HeadRead.Whole) return told.Append(read).ToString();
                at += length;
                Tell(told, head, isHead);
            }
            while (head.Interim);
            var body = new AnswerBody(head.Body(isHead), head.Length ?? 0);
            var end = Tell(told, ref body, bytes, piece, ref at, ref come);
            if (end != ChunkRead.End || !head.Stays) return told.Append(end).ToString();
        }
    }

    private static bool More(byte[] bytes, Func<int> piece, ref int come)
    {
        if (come == bytes.Length) return false;
        come = Math.Min(bytes.Length, come + piece());
        return true;
    }

    private static void Tell(StringBuilder told, AnswerHead head, bool isHead)
    {
        told.Append($"{head.Status} {head.Reason}\n");
        foreach (var (name, value) in head.Fields) told.Append($"{name.ToLowerInvariant()}={value}\n");
        told.Append($"{head.Body(isHead)} {head.Length} {head.Stays}\n");
    }

    private static ChunkRead Tell(
        StringBuilder told, ref AnswerBody body, byte[] bytes, Func<int> piece, ref int at, ref int come)
    {
        while (true)
        {
            var whole = body.IsWholeIn(bytes.AsSpan(at, come - at));
            var read = body.Next(bytes.AsMemory(at, come - at), out var used, out var data);
            if (whole && read == ChunkRead.More) throw new InvalidOperationException("it was said to be whole");
            at += used;
            told.Append(Encoding.Latin1.GetString(data.Span));
            if (read == ChunkRead.Data || read == ChunkRead.More && More(bytes, piece, ref come)) continue;
            foreach (var (name, value) in body.Trailers) told.Append($"\n{name.ToLowerInvariant()}={value}");
            told.Append('\n');
            return read;
        }
    }
}
