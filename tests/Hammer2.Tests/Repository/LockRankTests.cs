// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Concurrency;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Goal: docs/LOCKING.md lists every lock with its rank. Method: compares its tables with the constants of
/// <see cref="LockRank"/>.</summary>
public sealed partial class LockRankTests
{
    private static readonly Dictionary<string, LockRank> s_ranks = typeof(LockRank)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(LockRank))
        .ToDictionary(field => field.Name, field => (LockRank)field.GetValue(null)!);

    private static readonly List<string> s_rows =
        [.. from line in File.ReadLines(RepositoryRoot.Below("docs/LOCKING.md"))
            let match = RowPattern().Match(line)
            where match.Success
            select match.Groups["guards"].Value + " " + match.Groups["rank"].Value];

    [Fact]
    public void The_document_lists_the_ranks_of_the_code() => Assert.Equal(
        s_ranks.Values.Select(NameOf).Order(StringComparer.Ordinal),
        s_rows.Order(StringComparer.Ordinal));

    [Fact]
    public void The_ranks_are_in_ascending_order() => Assert.Equal(
        s_ranks.Values.Select(rank => rank.Number).Order(), s_ranks.Values.Select(rank => rank.Number));

    private static string NameOf(LockRank rank) => $"{rank.Guards} {rank.Number}";

    [GeneratedRegex(@"^\| (?<rank>\d+) \| (?<guards>[^|]+) \|")]
    private static partial Regex RowPattern();
}
