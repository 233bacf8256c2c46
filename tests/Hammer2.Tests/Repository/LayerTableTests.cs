// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Tests of <see cref="LayerTable"/>.</summary>
public sealed class LayerTableTests
{
    [Fact]
    public void A_row_lists_earlier_rows_or_all_of_them_with_exceptions()
    {
        LayerTable table = LayerTable.Parse(
        [
            "| project | what it is | may name |",
            "| [Text](src/Text) | strings | - |",
            "| [Hammer2.Format](src/Hammer2.Format) | bytes | Text |",
            "| [tools/x](tools/x) | a program | all above but Format |",
        ]);
        Assert.Empty(table.Rows["src/Text"]);
        Assert.Equal(["Text"], table.Rows["src/Hammer2.Format"]);
        Assert.Equal(["Text"], table.Rows["tools/x"]);
        Assert.Equal(3, table.Rows.Count);
    }

    [Fact]
    public void A_row_that_names_a_later_row_is_rejected() => Assert.Throws<InvalidDataException>(() =>
        { LayerTable.Parse(["| [A](src/A) | first | B |", "| [B](src/B) | second | - |"]); });
}
