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

/// <summary>Goal: docs/LOCKING.md lists every lock with its rank and its file. Method: compares its tables with the
/// constants of <see cref="LockRank"/> and with the files that use them.</summary>
public sealed partial class LockRankTests
{
    private static readonly Dictionary<string, LockRank> s_ranks = typeof(LockRank)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(LockRank))
        .ToDictionary(field => field.Name, field => (LockRank)field.GetValue(null)!);

    private static readonly List<(string Lock, string Where)> s_rows =
        [.. from line in File.ReadLines(RepositoryRoot.Below("docs/LOCKING.md"))
            let match = RowPattern().Match(line)
            where match.Success
            select (match.Groups["guards"].Value + " " + match.Groups["rank"].Value, match.Groups["where"].Value)];

    [Fact]
    public void The_document_lists_the_ranks_of_the_code() => Assert.Equal(
        s_ranks.Values.Select(NameOf).Order(StringComparer.Ordinal),
        s_rows.Select(row => row.Lock).Order(StringComparer.Ordinal));

    [Fact]
    public void The_ranks_are_in_ascending_order() => Assert.Equal(
        s_ranks.Values.Select(rank => rank.Number).Order(), s_ranks.Values.Select(rank => rank.Number));

    [Fact]
    public void Each_rank_is_used_in_the_file_that_the_document_names()
    {
        var faults = new List<string>();
        foreach ((string field, LockRank rank) in s_ranks)
        {
            var use = new Regex($@"\bLockRank\.{field}\b");
            string[] users = [.. SourceFile.Find(".cs", "src", "tools")
                .Where(file => file.Lines.Any(use.IsMatch)).Select(file => file.Name)];
            string where = s_rows.Find(row => row.Lock == NameOf(rank)).Where;
            if (users.Length != 1) faults.Add($"{field}: used in {users.Length} files: {string.Join(", ", users)}");
            else if (!where.Contains($"(../{users[0]})", StringComparison.Ordinal))
                faults.Add($"{field}: used in {users[0]}, which docs/LOCKING.md does not name");
        }

        RepositoryAssert.None(faults);
    }

    private static string NameOf(LockRank rank) => $"{rank.Guards} {rank.Number}";

    [GeneratedRegex(@"^\| (?<rank>\d+) \| (?<guards>[^|]+) \| (?<where>[^|]+) \|")]
    private static partial Regex RowPattern();
}
