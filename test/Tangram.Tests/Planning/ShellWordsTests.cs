using Tangram.Planning;

namespace Tangram.Tests.Planning;

public sealed class ShellWordsTests
{
    [Theory]
    [InlineData("a b  c", "a,b,c")]
    [InlineData(" a\tb\nc ", "a,b,c")]
    [InlineData("'a b' \"c d\"", "a b,c d")]
    [InlineData("a'b'\"c\"", "abc")]
    [InlineData("'' x", ",x")]
    [InlineData("a\\ b \\'", "a b,'")]
    [InlineData("\"a\\\"b\" \"c\\d\"", "a\"b,c\\d")]
    [InlineData("'a|b' \"c;d\" e\\&f", "a|b,c;d,e&f")]
    [InlineData("a \\\n b", "a,,b")]
    public void A_string_is_split_like_the_words_of_a_shell(string text, string words) =>
        Assert.Equal(words.Split(','), ShellWords.Split(text).Words!);

    [Theory]
    [InlineData("'a", "has a quote ' that is never closed")]
    [InlineData("a\\", "ends with a backslash")]
    [InlineData("a && b", "has an unquoted '&', and no shell runs it")]
    [InlineData("a > b", "has an unquoted '>', and no shell runs it")]
    public void What_only_a_shell_understands_is_refused(string text, string wrong) =>
        Assert.Equal((null, wrong), ShellWords.Split(text));
}
