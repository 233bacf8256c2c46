// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests about single inodes of the mounted PFS.</summary>
internal static class InodeRequests
{
    private static readonly RequestParameter Inum =
        new("inum", ParameterType.Number, "the inode number", IsRequired: true);

    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<InodeResult>("inode-get", "an inode as it is stored", ResultJson.Default.InodeResult, Get)
        {
            Parameters = [Inum],
            Callers = AllowedCallers.Anyone,
        },
        new RequestRow<InodeResult>(
            "inode-set", "set the methods of new blocks of an inode", ResultJson.Default.InodeResult, Set)
        {
            Parameters =
            [
                Inum,
                new("check", ParameterType.Number, "check method as stored: 0 none, 1 disabled, 2 iscsi32, 3 xxhash64, "
                    + "4 sha192"),
                new("compression", ParameterType.Number, "compression as stored: 0 none, 1 autozero, 2 lz4, 3 zlib; "
                    + "plus 16 times the level of zlib"),
            ],
        },
        new RequestRow<InodeResult>("debug-dump", "log an inode", ResultJson.Default.InodeResult, Dump)
        {
            Parameters = [Inum, new("flags", ParameterType.Number, "logged with it")],
            Callers = AllowedCallers.Anyone,
        },
    ];

    private static RequestOutcome<InodeResult> Get(RequestContext context, RequestArguments arguments) =>
        Read(context.Mount, arguments.Number("inum")!.Value);

    private static RequestOutcome<InodeResult> Set(RequestContext context, RequestArguments arguments)
    {
        AdministeredMount mount = context.Mount;
        ulong inum = arguments.Number("inum")!.Value;
        if (Narrow(arguments.Number("check"), out byte? check)
            && Narrow(arguments.Number("compression"), out byte? comp))
        {
            Errno error = mount.Vnodes.SetMethods(inum, check, comp);
            if (error == Errno.None && mount.IsSynchronous) error = mount.Vnodes.Sync();
            return error == Errno.None ? Read(mount, inum) : new(error, Describe(error), null);
        }
        return new(Errno.EINVAL, Describe(Errno.EINVAL), null);
    }

    private static RequestOutcome<InodeResult> Dump(RequestContext context, RequestArguments arguments)
    {
        RequestOutcome<InodeResult> outcome = Get(context, arguments);
        if (outcome.Result is { } inode)
        {
            AdministrationLog.Dump(context.Mount.Logger, inode.Inum, (uint)(arguments.Number("flags") ?? 0), inode.Type,
                inode.SizeBytes, inode.DataBytes, inode.ModifyTime);
        }
        return outcome;
    }

    private static RequestOutcome<InodeResult> Read(AdministeredMount mount, ulong inum)
    {
        Errno error = mount.Vnodes.GetStored(inum, out StoredInode stored);
        if (error != Errno.None) return new(error, Describe(error), null);
        InodeMeta meta = stored.Meta;
        return new InodeResult(meta.Inum, meta.Type.ToString(), meta.Size, meta.LinkCount, stored.DataCount,
            stored.InodeCount, meta.CheckPolicy, meta.CompressionPolicy, meta.ModifyTime)
        { Meta = meta };
    }

    // True for none as well.
    private static bool Narrow(ulong? number, out byte? value)
    {
        value = number <= byte.MaxValue ? (byte)number : null;
        return number is null or <= byte.MaxValue;
    }

    private static string Describe(Errno error) => error switch
    {
        Errno.ESTALE => "there is no inode of this number",
        Errno.EROFS => "the mount is read-only, or stopped after a write error",
        Errno.EINVAL => "a method that the format does not have",
        Errno.EPERM => "the inode is immutable",
        _ => "it cannot be read or changed; the log tells more",
    };
}
