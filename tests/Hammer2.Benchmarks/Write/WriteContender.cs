// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using Hammer2.Benchmarks.Mount;

namespace Hammer2.Benchmarks.Write;

/// <summary>
/// One writable filesystem in the comparison. In the commands <c>{devices}</c> stands for its loop devices,
/// with blanks between, and <c>{mountpoint}</c> for the directory; <c>Process</c> is the name of its daemon,
/// empty for one inside the kernel.
/// </summary>
internal sealed record WriteContender(string Name, int Devices, string Make, string Mount, string Process)
{
    /// <summary>All contenders, the one that ratios refer to last.</summary>
    internal static List<WriteContender> All(string program)
    {
        string ours = Shell.Quote(program);
        string name = Path.GetFileName(program);
        return
        [
            new("hammer2", 1, $"{ours} newfs {{devices}}", $"{ours} mount {{devices}} {{mountpoint}}", name),
            new("hammer2-nowb", 1, $"{ours} newfs {{devices}}",
                $"{ours} mount -o nowriteback {{devices}} {{mountpoint}}", name),
            new("hammer2-3", 3, $"{ours} newfs --cluster CL {{devices}}",
                $"{ours} mount $(echo {{devices}} | sed 's/ /@CL /') {{mountpoint}}", name),
            new("btrfs", 1, "mkfs.btrfs -q -f {devices}", "mount {devices} {mountpoint}", string.Empty),
            new("btrfs-zstd1", 1, "mkfs.btrfs -q -f {devices}",
                "mount -o compress=zstd:1 {devices} {mountpoint}", string.Empty),
            new("ntfs-3g", 1, "mkntfs -q -Q {devices}", "ntfs-3g {devices} {mountpoint}", "ntfs-3g"),
            new("fuse2fs", 1, "mke2fs -q -t ext4 -F {devices}", "fuse2fs {devices} {mountpoint}", "fuse2fs"),
        ];
    }
}
