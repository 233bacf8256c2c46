// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests for filesystems that are damaged or full.</summary>
internal static class RescueRequests
{
    private const string NameName = "name";

    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<DestroyResult>("destroy", "remove an entry whose object cannot be read",
            ResultJson.Default.DestroyResult, DestroyEntry)
        {
            Parameters =
            [
                new(NameName, ParameterType.Label, "the name of the entry", IsRequired: true),
                new("directory", ParameterType.Number, "inode number of the directory; that of the root directory when "
                    + "left out"),
            ],
        },
        new RequestRow<DestroyResult>("destroy-inum", "delete an inode that cannot be read",
            ResultJson.Default.DestroyResult, DestroyInode)
        {
            Parameters = [new("inum", ParameterType.Number, "the inode number", IsRequired: true)],
        },
        new RequestRow<EmergencyResult>("emergency-mode",
            "refuse changes that add, so that a full filesystem can be emptied",
            ResultJson.Default.EmergencyResult, SetEmergency)
        {
            Parameters = [new("on", ParameterType.Flag, "yes to turn it on, no to turn it off", IsRequired: true)],
        },
        new RequestRow<ShutdownResult>("shutdown",
            "end writing at once, as a power failure does: what was not synced is lost",
            ResultJson.Default.ShutdownResult, Shutdown),
    ];

    private static RequestOutcome<DestroyResult> DestroyEntry(RequestContext context, RequestArguments arguments)
    {
        AdministeredMount mount = context.Mount;
        byte[] name = ByteText.Encode(arguments.Label(NameName)!);
        ulong directory = arguments.Number("directory") ?? VnodeOps.RootInum;
        Errno error = mount.Vnodes.DestroyEntry(directory, name, out ulong inum, out bool isUnreadable);
        if (error == Errno.None) error = mount.Vnodes.Sync();
        if (error != Errno.None) return new(error, Describe(error), null);
        // What is removed without the kernel's knowledge may be in its cache. Another thread tells it, since it may ask
        // for something first.
        if (mount.Notifier is { } notifier)
            mount.Scheduler.Queue(() => _ = notifier.InvalidateEntry(mount.NodeOf(directory), name));
        return new DestroyResult(inum, isUnreadable);
    }

    private static RequestOutcome<DestroyResult> DestroyInode(RequestContext context, RequestArguments arguments)
    {
        VnodeOps vnodes = context.Mount.Vnodes;
        ulong inum = arguments.Number("inum")!.Value;
        Errno error = vnodes.DestroyInode(inum);
        if (error == Errno.None) error = vnodes.Sync();
        if (error != Errno.None) return new(error, Describe(error), null);
        return new DestroyResult(inum, IsInodeRemoved: true);
    }

    private static RequestOutcome<EmergencyResult> SetEmergency(RequestContext context, RequestArguments arguments)
    {
        if (context.Mount.Pfs.Writer is not { } writer || context.Mount.Vnodes.IsReadOnly)
            return new(Errno.EROFS, Describe(Errno.EROFS), null);
        writer.IsEmergency = arguments.Flag("on");
        return new EmergencyResult(writer.IsEmergency);
    }

    private static RequestOutcome<ShutdownResult> Shutdown(RequestContext context, RequestArguments arguments)
    {
        if (context.Mount.Pfs.Writer is not { } writer) return new(Errno.EROFS, Describe(Errno.EROFS), null);
        writer.Shutdown();
        return new ShutdownResult(writer.StopReason.ToString());
    }

    private static string Describe(Errno error) => error switch
    {
        Errno.ENOENT => "there is no such entry or inode",
        Errno.EEXIST => "the inode can be read: remove its names, or repair the filesystem with fsck if it has none",
        Errno.ENOTEMPTY => "the directory can be read and is not empty",
        Errno.EINVAL => "no file has this name or number",
        Errno.EROFS => "the mount is read-only, or stopped after a write error",
        Errno.EPERM => "the directory or the object is immutable or append-only",
        Errno.ESTALE => "there is no such directory",
        _ => "a block could not be read or written; the log tells more",
    };
}
