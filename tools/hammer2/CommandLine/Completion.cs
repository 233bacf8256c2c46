// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>What shell completion offers for an argument.</summary>
internal enum Completion
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>Names of files and devices.</summary>
    File,

    /// <summary>Names of directories.</summary>
    Directory,

    /// <summary>Labels of the volume that is the first argument.</summary>
    Label,

    /// <summary>Lists of mount options.</summary>
    MountOptions,
}
