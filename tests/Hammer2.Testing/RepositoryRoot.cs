// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using IoPath = System.IO.Path;

namespace Hammer2.Testing;

/// <summary>The directory of the repository from which the running tests were built.</summary>
public static class RepositoryRoot
{
    /// <summary>Full path of the directory with the solution file.</summary>
    public static string Path { get; } = Find();

    /// <summary>Full path of a file or directory below the root.</summary>
    public static string Below(params ReadOnlySpan<string> parts)
        => IoPath.Combine([Path, .. parts]);

    private static string Find()
    {
        for (string? path = AppContext.BaseDirectory; path != null; path = IoPath.GetDirectoryName(path))
        {
            if (File.Exists(IoPath.Combine(path, "Hammer2.Fuse.sln")))
                return path;
        }
        throw new DirectoryNotFoundException(
            $"no Hammer2.Fuse.sln above {AppContext.BaseDirectory}: tests run from within the repository");
    }
}
