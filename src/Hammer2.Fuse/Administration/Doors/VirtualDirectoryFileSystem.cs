// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using System.Threading;
using Fuse.Protocol;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>
/// Shows the virtual directory in the root directory of a mount, in no listing; passes everything else on, to a
/// filesystem that knows nothing of it. Where the root directory has an entry of that name, the entry is shown.
/// </summary>
internal sealed partial class VirtualDirectoryFileSystem : FuseFileSystemDecorator
{
    private const ulong RootNode = 1;

    private readonly VirtualDirectory _directory;
    private readonly AdministeredMount _mount;
    private int _isHiddenLogged;

    /// <summary>The directory above a mount's filesystem.</summary>
    public VirtualDirectoryFileSystem(IFuseFileSystem inner, RequestTable table, AdministeredMount mount) : base(inner)
    {
        _directory = new VirtualDirectory(table, mount);
        _mount = mount;
    }

    /// <summary>Tells the kernel that a polled file became ready; null before the mount is live.</summary>
    public FuseNotifier? Notifier { get; set; }

    /// <inheritdoc/>
    public override void Initialized(FuseConnection connection)
    {
        _directory.HasNoOpen = connection.Has(FuseInitFlags.NoOpenSupport);
        Inner.Initialized(connection);
    }

    /// <inheritdoc/>
    public override void Destroyed()
    {
        _mount.Jobs.Stop();
        Inner.Destroyed();
    }

    /// <inheritdoc/>
    public override int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        if (context.NodeId == VirtualNodes.Directory) return _directory.Lookup(context.Uid, name, ref entry);
        if (VirtualNodes.IsVirtual(context.NodeId)) return FuseErrno.ESTALE;
        int error = Inner.Lookup(in context, name, ref entry);
        if (error != FuseErrno.None || !IsRootName(context.NodeId, name)) return error;
        if (entry.NodeId != 0)
        {
            NoteHidden();
            return error;
        }
        entry = default;
        _directory.FillDirectory(ref entry);
        return FuseErrno.None;
    }

    /// <summary>Fills the entry of the directory of snapshots.</summary>
    public int FillSnapshots(ref FuseEntryOut entry)
    {
        _directory.FillSnapshots(ref entry);
        return FuseErrno.None;
    }

    /// <summary>Fills the entry of the directory of older headers.</summary>
    public int FillHeaders(ref FuseEntryOut entry)
    {
        _directory.FillHeaders(ref entry);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override void Forget(ulong nodeId, ulong lookupCount)
    {
        if (VirtualNodes.IsVirtual(nodeId)) _directory.Forget(nodeId);
        else Inner.Forget(nodeId, lookupCount);
    }

    /// <inheritdoc/>
    public override int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer) =>
        VirtualNodes.IsVirtual(context.NodeId)
            ? _directory.FillAttributes(context.NodeId, ref answer.Attr)
            : Inner.GetAttr(in context, in request, ref answer);

    /// <inheritdoc/>
    public override int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        if (!VirtualNodes.IsVirtual(context.NodeId)) return Inner.StatX(in context, in request, ref answer);
        FuseAttr attributes = default;
        int error = _directory.FillAttributes(context.NodeId, ref attributes);
        answer.Stat.Mask = FuseStatXMask.Basic;
        answer.Stat.Inode = attributes.Inode;
        answer.Stat.Mode = (ushort)attributes.Mode;
        answer.Stat.SizeBytes = attributes.SizeBytes;
        answer.Stat.LinkCount = attributes.LinkCount;
        answer.Stat.Uid = attributes.Uid;
        answer.Stat.ATime.Seconds = attributes.ATime;
        answer.Stat.MTime.Seconds = attributes.MTime;
        answer.Stat.CTime.Seconds = attributes.CTime;
        return error;
    }

    /// <inheritdoc/>
    public override int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer)
    {
        if (!VirtualNodes.IsVirtual(context.NodeId)) return Inner.SetAttr(in context, in request, ref answer);
        // A shell truncates what it writes to.
        const FuseSetAttrValid OfTruncation = FuseSetAttrValid.Size | FuseSetAttrValid.Handle
            | FuseSetAttrValid.LockOwner | FuseSetAttrValid.KillSuidGid | FuseSetAttrValid.MTime
            | FuseSetAttrValid.MTimeNow | FuseSetAttrValid.CTime;
        if (context.NodeId != VirtualNodes.Control || (request.Valid & ~OfTruncation) != 0) return FuseErrno.EPERM;
        return _directory.FillAttributes(context.NodeId, ref answer.Attr);
    }

    /// <inheritdoc/>
    public override int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer) =>
        VirtualNodes.IsVirtual(context.NodeId)
            ? _directory.Open(context.Uid, context.NodeId, writes: (request.Flags & OpenAccessMask) != 0, ref answer)
            : Inner.Open(in context, in request, ref answer);

    /// <inheritdoc/>
    public override int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
    {
        if (!VirtualNodes.IsVirtual(context.NodeId)) return Inner.Read(in context, in request, data, out readBytes);
        if (context.NodeId is VirtualNodes.Events or VirtualNodes.Trace)
        {
            readBytes = _directory.ReaderOf(request.Handle)?.Read(data) ?? 0;
            return FuseErrno.None;
        }
        if (context.NodeId != VirtualNodes.Control)
            return _directory.Read(context.NodeId, request.Position, data, out readBytes);
        // A read-only mount opens it without a handle: no request was made there.
        readBytes = _directory.ConversationOf(request.Handle)?.Read(data) ?? 0;
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data,
        out int writtenBytes)
    {
        if (!VirtualNodes.IsVirtual(context.NodeId)) return Inner.Write(in context, in request, data, out writtenBytes);
        writtenBytes = 0;
        if (_directory.ConversationOf(request.Handle) is not { } conversation) return FuseErrno.EACCES;
        int error = (int)conversation.Write(context.Uid, data, context.Interruption.HasCome);
        if (error == FuseErrno.None) writtenBytes = data.Length;
        return error;
    }

    /// <inheritdoc/>
    public override int Poll(in FuseContext context, in FusePollIn request, out uint readyEvents)
    {
        readyEvents = CanRead | CanWrite;
        ulong handle = request.KernelHandle;
        bool wantsNotice = (request.Flags & SchedulesNotice) != 0 && Notifier is not null;
        Action? wake = wantsNotice ? () => _ = Notifier?.WakePoll(handle) : null;
        if (context.NodeId is VirtualNodes.Events or VirtualNodes.Trace
            && _directory.ReaderOf(request.Handle) is { } reader)
        {
            readyEvents = reader.Poll(wake) ? CanRead : 0;
            return FuseErrno.None;
        }
        // Once it is told ENOSYS, the kernel never asks again, for no file.
        if (context.NodeId != VirtualNodes.Control
            || _directory.ConversationOf(request.Handle) is not { } conversation) return FuseErrno.None;
        (bool hasAnswer, bool acceptsRequest) = conversation.Poll(wake);
        readyEvents = (hasAnswer ? CanRead : 0) | (acceptsRequest ? CanWrite : 0);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int Release(in FuseContext context, in FuseReleaseIn request)
    {
        if (!VirtualNodes.IsVirtual(context.NodeId)) return Inner.Release(in context, in request);
        _directory.Release(request.Handle);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (!VirtualNodes.IsVirtual(context.NodeId)) return Inner.OpenDir(in context, in request, ref answer);
        return _directory.IsFor(context.Uid, context.NodeId) ? FuseErrno.None : FuseErrno.EACCES;
    }

    /// <inheritdoc/>
    public override int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        if (!VirtualNodes.IsVirtual(context.NodeId)) return Inner.ReadDir(in context, in request, ref packer);
        ulong position = request.Position;
        IReadOnlyList<string> names = _directory.Names;
        while (position < (ulong)names.Count + 2)
        {
            bool isDots = position < 2;
            byte[] name = isDots
                ? [.. position == 0 ? "."u8 : ".."u8]
                : Encoding.ASCII.GetBytes(names[(int)position - 2]);
            bool isDirectory = isDots || VirtualDirectory.IsDirectoryName(names[(int)position - 2]);
            uint type = isDirectory ? 0x4000U : 0x8000U;
            ulong inode = position == 1 ? RootNode : VirtualNodes.Directory + position;
            if (!packer.TryAdd(name, inode, type, ++position)) break;
        }
        return FuseErrno.None;
    }

    private const uint OpenAccessMask = 3;
    private const uint SchedulesNotice = 1;         // FUSE_POLL_SCHEDULE_NOTIFY
    private const uint CanRead = 0x0041;            // POLLIN, POLLRDNORM
    private const uint CanWrite = 0x0104;           // POLLOUT, POLLWRNORM

    private static bool IsRootName(ulong node, ReadOnlySpan<byte> name) =>
        node == RootNode && name.SequenceEqual(VirtualDirectory.Name);

    // With snapdirs every directory has one.
    private bool IsName(ulong node, ReadOnlySpan<byte> name) => IsRootName(node, name)
        || (_mount.Options.HasSnapshotDirectories && name.SequenceEqual(VirtualDirectory.Name));

    private void NoteHidden()
    {
        if (Interlocked.Exchange(ref _isHiddenLogged, 1) == 0)
            AdministrationLog.VirtualDirectoryHidden(_mount.Logger, Encoding.ASCII.GetString(VirtualDirectory.Name));
    }
}
