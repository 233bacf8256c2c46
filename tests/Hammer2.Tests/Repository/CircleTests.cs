// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Files can be understood one after the other: none needs another that needs it.</summary>
public sealed class CircleTests
{
    // Circles within one concept.
    private static readonly Dictionary<string, string[]> OneConcept = new(StringComparer.Ordinal)
    {
        // A dirty inode and what its transaction group knows of it.
        ["src/Hammer2.Cluster"] = ["DirtyInode GroupMember"],
    };

    /// <summary>The projects below src.</summary>
    public static TheoryData<string> Projects => [.. LayerTable.Read().Rows.Keys.Where(
        folder => folder.StartsWith("src/", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Projects))]
    public void No_files_of_a_project_form_a_circle(string folder) => Assert.Equal(
        OneConcept.GetValueOrDefault(folder, []), new FileGraph(SourceFile.Find(".cs", folder)).Circles());

    [Fact]
    public void Circles_are_found_through_any_number_of_files_and_parts_of_a_type() =>
        Assert.Equal(["A B C", "X Y"], Circles(
            ("A", "public class A\n{\n    private readonly B _b;\n}"),
            ("B", "public partial class B;"),
            ("B.Part", "public partial class B : C;"),
            ("C", "public class C\n{\n    object Make() => new List<A>();\n}"),
            ("D", "public class D(A a);"),
            ("X", "public record X(Y? Y);"),
            ("Y", "public class Y\n{\n    bool Is(object o) => o is X;\n}")));

    [Fact]
    public void Comments_strings_and_members_named_like_a_type_are_no_mentions() =>
        Assert.Empty(Circles(
            ("A", "public class A(B b);"),
            ("B", """
                using A;
                public class B(C c, List<C> A, C? A, C[] A)
                {
                    // A
                    int X() => c.A + Count("A"); // A
                    C A { get; } = c;
                    void Set() => A = c;
                }
                """)));

    private static IReadOnlyList<string> Circles(params (string Name, string Text)[] files) => new FileGraph(
        [.. files.Select(file => new SourceFile($"/{file.Name}.cs", file.Text.Split('\n')))]).Circles();
}
