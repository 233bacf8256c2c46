// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>A mount option for <c>-o</c>.</summary>
/// <param name="Usage">The name of the option and of its value.</param>
/// <param name="Help">One line without a full stop.</param>
/// <param name="Example">An example, which the parser accepts.</param>
internal sealed record MountOptionRow(string Usage, string Help, string Example)
{
    /// <summary>What shells complete, where the usage does not say it.</summary>
    public string[] Words { get; init; } = [];
}

/// <summary>The mount options in the manual page.</summary>
internal static class MountOptionTable
{
    public static readonly MountOptionRow[] All =
    [
        new("ro", "mount read-only: no byte of the media is written", "ro"),
        new("rw", "mount for reading and writing, or fail; without ro and rw a read-only device is mounted ro", "rw"),
        new("commit=SECONDS", "commit changes at least this often; default 30", "commit=5"),
        new("writeback", "use the kernel's writeback cache (default)", "writeback"),
        new("nowriteback", "pass each write to the filesystem at once", "nowriteback"),
        new("xattr", "extended attributes and ACLs (default)", "xattr"),
        new("noxattr", "no extended attributes and ACLs; existing ones stay as they are", "noxattr"),
        new("discard", "discard (TRIM) blocks that bulkfree freed (default)", "discard"),
        new("nodiscard", "do not discard freed blocks", "nodiscard"),
        new("dedup", "deduplicate blocks that equal recently written ones (default)", "dedup"),
        new("nodedup", "do not deduplicate", "nodedup"),
        new("resync", "resynchronize nodes of the cluster that are not synced, in the background (default)", "resync"),
        new("noresync", "leave such nodes as they are, unused", "noresync"),
        new("resync-rate=SIZE",
            "copy at most so many bytes in a second to each node that is resynchronized; 0 (default) for no bound",
            "resync-rate=50M"),
        new("resync-snapshots=keep|delete",
            "when a node has no space to be resynchronized, even after bulkfree: wait (default), or delete its oldest "
            + "snapshots that are neither held nor in use, on that node alone", "resync-snapshots=delete"),
        new("noquorum=readonly|error|stall",
            "once fewer nodes than a quorum can be written: refuse changes (EROFS, default), fail them (EIO), or have them "
            + "wait until enough nodes have returned, and keep what was accepted", "noquorum=stall"),
        new("scrub-within=TIME", "status calls the mount degraded when no scrub of all nodes has ended for so long, as 90m, "
            + "12h, 35d or 5w; default: no limit", "scrub-within=35d"),
        new("snapshot-within=TIME", "the same for snapshots of the schedule (snapshot-schedule)", "snapshot-within=2h"),
        new("bulkfree-within=TIME", "the same for bulkfree", "bulkfree-within=2w"),
        new("headers", "show what older volume headers have, for reading, in .hammer2/headers/0 to 3", "headers"),
        new("noheaders", "do not show it (default)", "noheaders"),
        new("snapdirs",
            "show what snapshots have of each directory in its hidden .hammer2/snapshots/LABEL, to all who may enter it",
            "snapdirs"),
        new("nosnapdirs", "show it in the root directory alone, to the owner of the mount (default)", "nosnapdirs"),
        new("pfs=LABEL", "the PFS to mount, unless given after the device; default DATA, or else the only one", "pfs=HOME"),
        new("label=LABEL", "the same as pfs=", "label=HOME"),
        new("device=DEVICE[:DEVICE...]",
            "further devices: volumes of the same filesystem or other nodes of the cluster, determined by their headers; "
            + "may be repeated", "device=/dev/sdc1"),
        new("degraded", "mount the best available node read-only when too few masters of a cluster are present", "degraded"),
        new("masters=N", "number of masters, when the nodes of the cluster do not store it; a writable mount stores it",
            "masters=3"),
        new("uid=N", "show this owner for everything", "uid=1000"),
        new("gid=N", "show this group for everything", "gid=1000"),
        new("umask=OCTAL", "show 0777 less these bits as the permissions of everything", "umask=022"),
        new("allow_other", "allow access by other users; default for root, otherwise /etc/fuse.conf must allow it", "allow_other"),
        new("noallow_other", "deny access by other users", "noallow_other"),
        new("offset=BYTES", "offset of the filesystem on each device; default: search for it", "offset=1M"),
        new("partition=NAME", "the partition that holds the filesystem, such as p2, s1 or s1d", "partition=p2"),
        new("memory=SIZE",
            "limit of all caches of the serving process; default 256M, at least 1M; ignored for its further mounts",
            "memory=512M"),
        new("max_threads=N",
            "number of worker threads, 1 to 256; default: number of processors, at least 4 (read-only 2) and at most 8",
            "max_threads=4"),
        new("io_uring", "take requests from the kernel over io_uring, with a warning where it does not offer that; by "
            + "default it is used where it is offered, unless noquorum=stall is given", "io_uring"),
        new("noio_uring", "read requests from /dev/fuse", "noio_uring"),
        new("readahead=SIZE",
            "size of the kernel's read-ahead; default 128 KiB, with remote devices 4 MiB; only root can set it",
            "readahead=1M"),
        new("foreground", "serve in this process until unmounted", "foreground"),
        new("loglevel=LEVEL", "trace, debug, info, warning, error or none", "loglevel=debug")
        {
            Words = ["loglevel=trace", "loglevel=debug", "loglevel=info", "loglevel=warning", "loglevel=error",
                "loglevel=none"],
        },
        new("fsname=TEXT", "the device name in the table of mounts", "fsname=backup"),
        new("sync, dirsync", "every change, or every change of names, is durable when the call returns", "dirsync")
        {
            Words = ["sync", "dirsync"],
        },
        new("suid, dev, exec, symfollow",
            "as in mount(8), and their negations; mounts of ordinary users are nosuid and nodev", "nosuid")
        {
            Words = ["suid", "nosuid", "dev", "nodev", "exec", "noexec", "symfollow", "nosymfollow"],
        },
        new("atime, diratime, relatime, strictatime, lazytime",
            "as in mount(8), and their negations; access times are not kept, so that they change nothing", "noatime")
        {
            Words = ["atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime",
                "nostrictatime", "lazytime", "nolazytime"],
        },
        new("defaults, async, noauto, nofail, _netdev, x-...", "for other readers of fstab; ignored", "nofail")
        {
            Words = ["defaults", "noauto", "nofail", "_netdev"],
        },
    ];
}
