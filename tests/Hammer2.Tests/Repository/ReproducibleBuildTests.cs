// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>The same commit gives the same program, as far as sources decide that.</summary>
public sealed class ReproducibleBuildTests
{
    /// <summary>The generator of log messages takes the parts of a type in any order.</summary>
    [Fact]
    public void Messages_of_a_type_are_in_one_part_of_it()
    {
        var parts = SourceFile.Find(".cs", "src", "tools")
            .Where(file => file.Lines.Any(
                line => line.TrimStart().StartsWith("[LoggerMessage(", StringComparison.Ordinal)))
            .GroupBy(file => Path.GetDirectoryName(file.Name) + "/" + Path.GetFileName(file.Name).Split('.')[0])
            .ToList();
        Assert.NotEmpty(parts);
        RepositoryAssert.None(parts.Where(part => part.Count() > 1)
            .Select(part => $"{part.Key}: {string.Join(", ", part.Select(file => file.Name))}"));
    }
}
