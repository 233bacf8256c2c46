// SPDX-License-Identifier: BSD-3-Clause
using System.IO;

namespace Hammer2.Tool.Manuals;

/// <summary>The manual page hammer2(5), whose text is a file in roff that the program contains.</summary>
internal static class FormatPage
{
    private const string Resource = "hammer2.5";

    public static readonly ManualPageRow Row = new("hammer2", ManualPageRow.FormatSection,
        "the HAMMER2 filesystem, for administrators", Write);

    private static void Write(RoffWriter to)
    {
        using Stream text = typeof(FormatPage).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the program lacks its resource {Resource}");
        using var reader = new StreamReader(text);
        to.Copy(reader.ReadToEnd());
    }
}
