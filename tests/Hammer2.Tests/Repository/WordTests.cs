// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Goal: identifiers, comments, messages and documents use one word for one thing, and the usual one. Method:
/// words that have a usual replacement are rejected where their spelling is enough to recognize them.</summary>
public sealed class WordTests
{
    private const string Self = "tests/Hammer2.Tests/Repository/WordTests.cs";

    /// <summary>Rejected words and their replacements. Patterns ignore case unless they say otherwise, and match parts
    /// of identifiers as well.</summary>
    private static readonly Word[] Words =
    [
        new("whoever|whomever|some-?body|no-?body|anybody|everybody", "the noun: thread, caller, process, user"),
        new(@"(?-i:\bWho [a-z])", "the noun: thread, caller, process, user"),
        new("nameless|object without a name|file without a name", "orphan, or 'without a link'"),
        new("(about|going) to go away|expected ?removal", "pending deletion"),
        new("block special", "block device"),
        new("behind (the|its|their) (new )?end", "past EOF, past the end"),
        new("one behind the other", "contiguous"),
        new("twin", "duplicate"),
        new("(?<!com)promise", "reservation"),
        new("(?<!Fuse)write-?out", "write-back"),
        new(@"\bg[ia]ve[sn]? back\b|\bgiving back\b|\bgives? (it|them|its|the) .{0,20}back\b|giveback",
            "free, release"),
        new("nonsense|mak(e|es|ing) no sense", "malformed"),
        new("pass(es|ed|ing)? (the|its|their) (page )?cache by", "bypass the page cache"),
        new("bring(s|ing)? (it |them |a node )?level|on its way back", "resynchronize"),
        new("\\b(lay(s|ing)?|laid) (into|over)\\b", "merge into, insert"),
        new("taken out|takes? (a|the|its) nodes? out", "fenced"),
        new("farewell", "the DESTROY request"),
        new("(?-i:LiveInode|ClosedInode)", "DirtyInode, FrozenInode"),
        new("keep ?for ?group", "reservation"),
    ];

    [Fact]
    public void Words_of_the_field_are_used() => RepositoryAssert.None(
        from file in SourceFile.CSharp.Concat(SourceFile.Find(".md", "docs")).Concat(TidyTests.RootFiles())
            .Concat(SourceFile.Find(".sh", "eng", "tests"))
        where file.Name != Self
        from line in Enumerable.Range(0, file.Lines.Length)
        from fault in Faults(file.Lines[line])
        select RepositoryAssert.At(file, line + 1, fault));

    [Theory]
    [InlineData("    // Whoever settles it has it", 1)]
    [InlineData("    private bool IsNameless;", 1)]
    [InlineData("void Gives_its_space_back()", 0)]
    [InlineData("gives the space back", 1)]
    [InlineData("a compromise between the two", 0)]
    [InlineData("The user who mounted it", 0)]
    [InlineData("Reads past the end", 0)]
    public void Rejected_words_are_found_in_sentences_and_identifiers(string line, int count) =>
        Assert.Equal(count, Faults(line).Count());

    private static IEnumerable<string> Faults(string line) =>
        from word in Words
        let match = word.Pattern.Match(line)
        where match.Success
        select $"'{match.Value}': write {word.Replacement}";

    private sealed class Word(string pattern, string replacement)
    {
        public Regex Pattern { get; } = new(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

        public string Replacement { get; } = replacement;
    }
}
