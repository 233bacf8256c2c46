// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Assertions of tests about the files of this repository.</summary>
internal static class RepositoryAssert
{
    /// <summary>Fails with a list of all faults, unless there are none.</summary>
    public static void None(IEnumerable<string> faults)
    {
        string[] all = [.. faults];
        Assert.True(all.Length == 0, string.Join('\n', all.Prepend($"{all.Length} found:")));
    }

    /// <summary>A fault at a line of a file; the first line is 1.</summary>
    public static string At(SourceFile file, int line, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{line}: {what}");
}
