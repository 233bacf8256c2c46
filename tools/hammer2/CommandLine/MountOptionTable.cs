// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>An option of <c>-o</c> and what it does.</summary>
/// <param name="Usage">The name, and what its value is called.</param>
/// <param name="Help">One line without a full stop.</param>
/// <param name="Example">What people type; the parser takes it.</param>
internal sealed record MountOptionRow(string Usage, string Help, string Example);

/// <summary>The options of a mount, as the manual page lists them.</summary>
internal static class MountOptionTable
{
    public static readonly MountOptionRow[] All =
    [
        new("ro", "mount for reading: not a byte of the media is written", "ro"),
        new("rw", "mount for reading and writing, or not at all; without either word what cannot be written is mounted ro", "rw"),
        new("commit=SECONDS", "longest time for which a change may not be durable; 30 unless given", "commit=5"),
        new("writeback", "let the kernel gather writes of files before it passes them on; usual", "writeback"),
        new("nowriteback", "pass each write on at once", "nowriteback"),
        new("discard", "have the devices give up (TRIM) what bulkfree freed; usual", "discard"),
        new("nodiscard", "leave what was freed on the devices", "nodiscard"),
        new("dedup", "store a block once that equals one written lately; usual", "dedup"),
        new("nodedup", "store every block", "nodedup"),
        new("pfs=LABEL", "the PFS to mount; DATA unless given here or after the device", "pfs=HOME"),
        new("label=LABEL", "the same as pfs=", "label=HOME"),
        new("device=DEVICE[:DEVICE...]",
            "further devices: volumes of the same filesystem, or other nodes of the cluster, which their headers tell apart; "
            + "may be repeated", "device=/dev/sdc1"),
        new("degraded", "show the best node there is when too few masters of a cluster are present", "degraded"),
        new("masters=N", "how many masters the cluster has, where its nodes do not say; writing stores it", "masters=3"),
        new("uid=N", "show this owner for everything", "uid=1000"),
        new("gid=N", "show this group for everything", "gid=1000"),
        new("umask=OCTAL", "show 0777 less these bits as the permissions of everything", "umask=022"),
        new("allow_other", "let other users in; usual when root mounts, else /etc/fuse.conf must allow it", "allow_other"),
        new("noallow_other", "keep other users out", "noallow_other"),
        new("offset=BYTES", "where in each device the filesystem starts; found out otherwise", "offset=1M"),
        new("partition=NAME", "the partition that holds the filesystem, such as p2, s1 or s1d", "partition=p2"),
        new("memory=SIZE", "bound of all caches together; 256M unless given, 1M at least", "memory=512M"),
        new("max_threads=N", "serving threads; as many as processors unless given, 2 to 8", "max_threads=4"),
        new("readahead=SIZE", "how far the kernel reads ahead; only root can set it", "readahead=1M"),
        new("foreground", "serve in this process until unmounted", "foreground"),
        new("loglevel=LEVEL", "trace, debug, info, warning, error or none", "loglevel=debug"),
        new("fsname=TEXT", "what the table of mounts shows as the device", "fsname=backup"),
        new("suid, dev, exec, atime, relatime, sync, symfollow",
            "as in mount(8), and their negations; mounts of ordinary users are nosuid and nodev", "nosuid"),
        new("noauto, nofail, _netdev, x-...", "for fstab's other readers; passed over", "nofail"),
    ];
}
