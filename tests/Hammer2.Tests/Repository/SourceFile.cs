// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Testing;

namespace Hammer2.Tests.Repository;

/// <summary>A text file of this repository.</summary>
internal sealed record SourceFile(string Path, string[] Lines)
{
    private static readonly string[] Skipped = ["bin", "obj", "out", ".git", "TestResults"];

    /// <summary>Path below the root, with slashes.</summary>
    public string Name => System.IO.Path.GetRelativePath(RepositoryRoot.Path, Path).Replace('\\', '/');

    /// <summary>All C# files of product, tools and tests.</summary>
    public static IReadOnlyList<SourceFile> CSharp { get; } = Find(".cs", "src", "tools", "tests");

    /// <summary>Files below <paramref name="folders"/> whose name ends with
    /// <paramref name="extension"/>.</summary>
    public static IReadOnlyList<SourceFile> Find(string extension, params string[] folders) =>
        [.. folders.Select(folder => RepositoryRoot.Below(folder)).Where(Directory.Exists).SelectMany(Walk)
            .Where(path => path.EndsWith(extension, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(path => new SourceFile(path, File.ReadAllLines(path)))];

    private static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Concat(
            Directory.EnumerateDirectories(folder)
                .Where(child => !Skipped.Contains(System.IO.Path.GetFileName(child)))
                .SelectMany(Walk));
}
