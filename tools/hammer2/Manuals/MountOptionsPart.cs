// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Manuals;

/// <summary>The section MOUNT OPTIONS of manual pages.</summary>
internal static class MountOptionsPart
{
    /// <summary>Writes it.</summary>
    public static void Write(RoffWriter to)
    {
        to.Heading("MOUNT OPTIONS");
        to.Text("Options after -o, and in the fourth field of fstab(5), are separated by commas; a comma within a value is "
            + "written with a backslash before it. Sizes may end in K, M, G or T. The option remount, which mount(8) "
            + "and mount.hammer2 take, changes options of a mount: see mount.hammer2(8).");
        foreach (MountOptionRow option in MountOptionTable.All) to.Item(option.Usage, option.Help);
    }
}
