// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Goal: the name of a type tells its file, and the folder of a file its namespace. Method: compares the
/// declarations in each file with its path.</summary>
public sealed class FolderTests
{
    /// <summary>A type of at most this many lines, comments included, may be in the file of a type that uses it. Types
    /// whose name ends with "Options" may not: they are what a caller looks for.</summary>
    private const int SmallTypeLinesMax = 15;

    /// <summary>Files that list many records of one protocol, and have no type of their own name.</summary>
    private static readonly string[] Catalogues =
    [
        "src/Fuse.Protocol/FuseReplyStructs.cs", "src/Fuse.Protocol/FuseRequestStructs.cs",
        "src/Hammer2.Fuse/Control/ControlMessages.cs", "src/Hammer2.Fuse/Administration/RequestResults.cs",
    ];

    private static readonly Regex s_namespace = new(@"^namespace (?<name>[\w.]+);$");

    [Fact]
    public void Namespaces_follow_folders() => RepositoryAssert.None(
        from file in SourceFile.CSharp
        let declared = file.Lines.Select(line => s_namespace.Match(line)).FirstOrDefault(match => match.Success)
        where declared is not null
        let expected = ExpectedNamespace(file)
        where declared.Groups["name"].Value != expected
        select RepositoryAssert.At(file, 1, $"namespace {declared.Groups["name"].Value}, expected {expected}"));

    [Fact]
    public void A_file_declares_the_type_of_its_name() => RepositoryAssert.None(
        from file in SourceFile.CSharp
        where !Catalogues.Contains(file.Name)
        let types = TypeScanner.Types(file.Lines)
        where types.Count > 0 && types.All(type => type.Name != MainType(file))
        select RepositoryAssert.At(file, 1, $"does not declare {MainType(file)}"));

    [Fact]
    public void A_type_is_in_a_file_of_its_name_unless_it_is_small() => RepositoryAssert.None(
        from file in SourceFile.Find(".cs", "src", "tools")
        where !Catalogues.Contains(file.Name)
        from type in TypeScanner.Types(file.Lines)
        where type.Name != MainType(file)
            && (type.Lines > SmallTypeLinesMax || type.Name.EndsWith("Options", StringComparison.Ordinal))
        select RepositoryAssert.At(
            file, type.FirstLine, $"{type.Name} has {type.Lines} lines and needs a file of its own"));

    [Fact]
    public void The_scanner_finds_types_with_their_comments()
    {
        string[] lines =
        [
            "/// <summary>First.</summary>",
            "[Flags]",
            "public enum First : byte",
            "{",
            "    None,",
            "}",
            "",
            "internal readonly record struct Second(int Value,",
            "    int Other);",
            "public sealed class Third<T>",
            "    where T : struct",
            "{",
            "    private struct Inner;",
            "}",
        ];
        Assert.Equal(
            [new("First", 1, 6), new("Second", 8, 2), new TypeScanner.TopLevelType("Third", 10, 5)],
            TypeScanner.Types(lines));
    }

    /// <summary>The type that a file is named after: "Type.Part.cs" is a part of "Type".</summary>
    private static string MainType(SourceFile file) => Path.GetFileName(file.Name).Split('.')[0];

    private static string ExpectedNamespace(SourceFile file)
    {
        string[] parts = file.Name.Split('/');
        return string.Join('.', parts[2..^1].Prepend(RootNamespace($"{parts[0]}/{parts[1]}", parts[1])));
    }

    private static string RootNamespace(string folder, string project) =>
        XDocument.Load(RepositoryRoot.Below($"{folder}/{project}.csproj")).Descendants("RootNamespace")
            .Select(element => element.Value).SingleOrDefault(project);
}
