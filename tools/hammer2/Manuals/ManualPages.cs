// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Manuals;

/// <summary>All manual pages.</summary>
internal static class ManualPages
{
    /// <summary>The page that is printed unless another one is named.</summary>
    public const string Default = "hammer2.8";

    public static readonly ManualPageRow[] All = [CommandsPage.Row, .. HelperPages.Rows, FormatPage.Row, ControlPage.Row];

    /// <summary>The names of the pages with their sections.</summary>
    public static string[] Files => [.. All.Select(page => page.File)];

    /// <summary>Writes a page, named as in <see cref="Files"/>.</summary>
    public static void Write(string file, TextWriter to) => Write(All.Single(page => page.File == file), to);

    /// <summary>Writes all pages, also under their other names, below a directory, in man5 and man8.</summary>
    public static void WriteAll(string directory)
    {
        foreach (ManualPageRow page in All)
        {
            WriteFile(directory, page.Path, to => Write(page, to));
            foreach (string name in page.OtherNames)
                WriteFile(directory, page.PathOf(name), to => new RoffWriter(to).Link(page));
        }
    }

    private static void WriteFile(string directory, string name, Action<TextWriter> write)
    {
        string path = Path.Combine(directory, name);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var to = new StreamWriter(path) { NewLine = "\n" };
        write(to);
    }

    private static void Write(ManualPageRow page, TextWriter to)
    {
        var roff = new RoffWriter(to);
        roff.Begin(page, Dispatcher.Version);
        page.Write(roff);
    }
}
