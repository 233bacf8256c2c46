// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>
/// Gives every directory of the mounted PFS a hidden one, <c>.hammer2/snapshots</c>, with what the directory was in
/// each snapshot that has it; passes everything else on. For mounts with the option <c>snapdirs</c>; the root directory
/// has the virtual directory.
/// </summary>
/// <remarks>No listing has the name; an entry of that name is shown in its place. The node ids of the two hidden
/// directories say whose they are, so that nothing is kept for them.</remarks>
internal sealed class DirectorySnapshotsFileSystem : FuseFileSystemDecorator
{
    private const ulong UnknownInode = VirtualNodes.Snapshots + 1;
    private const ulong RootNode = 1;
    private const uint DirectoryType = 0x4000;
    private const uint DirectoryMode = DirectoryType | 0x16D;       // 0555

    private readonly SnapshotFileSystem _snapshots;
    private readonly AdministeredMount _mount;
    private readonly ConcurrentDictionary<ulong, List<byte[]>> _listings = new();
    private readonly long _mountedAt;
    private ulong _lastListing;

    /// <summary>The hidden directories of a mount.</summary>
    public DirectorySnapshotsFileSystem(SnapshotFileSystem inner, AdministeredMount mount) : base(inner)
    {
        _snapshots = inner;
        _mount = mount;
        _mountedAt = mount.Time.GetUtcNow().ToUnixTimeSeconds();
    }

    /// <inheritdoc/>
    public override int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        ulong node = context.NodeId;
        if (HiddenNodes.IsTop(node)) return LookupInTop(in context, name, ref entry);
        if (HiddenNodes.IsList(node)) return LookupLabel(in context, name, ref entry);
        if (name.SequenceEqual(".."u8) && _snapshots.IsDirectoryAlone(node))
            return Fill(HiddenNodes.ListOf(SnapshotNodes.InumOf(node)), ref entry);
        int error = Inner.Lookup(in context, name, ref entry);
        bool isAbsent = error == FuseErrno.ENOENT || (error == FuseErrno.None && entry.NodeId == 0);
        if (!isAbsent || !IsHiddenName(node, name)) return error;
        int found = Identify(in context, node, out DirectoryIdentity identity);
        if (found != FuseErrno.None) return found;
        if (identity.Inum > SnapshotNodes.InumMax) return error;
        return Fill(HiddenNodes.TopOf(identity.Inum), ref entry);
    }

    /// <inheritdoc/>
    public override void Forget(ulong nodeId, ulong lookupCount)
    {
        if (!HiddenNodes.IsOf(nodeId)) Inner.Forget(nodeId, lookupCount);
    }

    /// <inheritdoc/>
    public override int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        if (!HiddenNodes.IsOf(context.NodeId)) return Inner.GetAttr(in context, in request, ref answer);
        FillAttributes(context.NodeId, ref answer.Attr);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        if (!HiddenNodes.IsOf(context.NodeId)) return Inner.StatX(in context, in request, ref answer);
        answer.Stat.Mask = FuseStatXMask.Basic;
        answer.Stat.Inode = context.NodeId;
        answer.Stat.Mode = (ushort)DirectoryMode;
        answer.Stat.LinkCount = 1;
        answer.Stat.Uid = _mount.OwnerId;
        answer.Stat.ATime.Seconds = answer.Stat.MTime.Seconds = answer.Stat.CTime.Seconds = _mountedAt;
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int GetXAttr(
        in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        valueBytes = 0;
        return HiddenNodes.IsOf(context.NodeId)
            ? FuseErrno.ENODATA : Inner.GetXAttr(in context, name, value, out valueBytes);
    }

    /// <inheritdoc/>
    public override int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        namesBytes = 0;
        return HiddenNodes.IsOf(context.NodeId)
            ? FuseErrno.None : Inner.ListXAttr(in context, names, out namesBytes);
    }

    /// <inheritdoc/>
    public override int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (!HiddenNodes.IsOf(context.NodeId)) return Inner.OpenDir(in context, in request, ref answer);
        answer.Handle = Interlocked.Increment(ref _lastListing);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        ulong node = context.NodeId;
        if (!HiddenNodes.IsOf(node)) return Inner.ReadDir(in context, in request, ref packer);
        Hammer2Error error = Hammer2Error.None;
        if (request.Position == 0 || !_listings.TryGetValue(request.Handle, out List<byte[]>? names))
        {
            int refused = ListNames(in context, out names, out error);
            if (refused != FuseErrno.None) return refused;
            // Handle 0 is that of kernels which open directories without asking.
            if (request.Handle != 0) _listings[request.Handle] = names;
        }
        for (ulong position = request.Position; position < (ulong)names.Count + 2;)
        {
            ReadOnlySpan<byte> name = position switch { 0 => "."u8, 1 => ".."u8, _ => names[(int)position - 2] };
            if (!packer.TryAdd(name, position == 0 ? node : UnknownInode, DirectoryType, ++position)) break;
        }
        // What could be read is shown; the log names what could not.
        return packer.UsedBytes == 0 ? (int)error.ToErrno() : FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int ReleaseDir(in FuseContext context, in FuseReleaseIn request)
    {
        if (!HiddenNodes.IsOf(context.NodeId)) return Inner.ReleaseDir(in context, in request);
        _ = _listings.TryRemove(request.Handle, out _);
        return FuseErrno.None;
    }

    // The root directory has the virtual directory; objects in snapshots, and virtual ones, have none.
    private static bool IsHiddenName(ulong node, ReadOnlySpan<byte> name) =>
        name.SequenceEqual(VirtualDirectory.Name) && node != RootNode && !VirtualNodes.IsVirtual(node);

    private int LookupInTop(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        ulong inum = SnapshotNodes.InumOf(context.NodeId);
        if (name.SequenceEqual("."u8)) return Fill(context.NodeId, ref entry);
        if (name.SequenceEqual("snapshots"u8)) return Fill(HiddenNodes.ListOf(inum), ref entry);
        FuseInHeader header = default;
        return name.SequenceEqual(".."u8)
            ? Inner.Lookup(context.WithNode(_mount.NodeOf(inum), ref header), "."u8, ref entry)
            : FuseErrno.ENOENT;
    }

    private int LookupLabel(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        ulong inum = SnapshotNodes.InumOf(context.NodeId);
        if (name.SequenceEqual("."u8)) return Fill(context.NodeId, ref entry);
        if (name.SequenceEqual(".."u8)) return Fill(HiddenNodes.TopOf(inum), ref entry);
        if (SnapshotName.LabelOf(name) is not { } label) return FuseErrno.ENOENT;
        int error = Identify(in context, _mount.NodeOf(inum), out DirectoryIdentity identity);
        return error == FuseErrno.None ? _snapshots.LookupDirectory(in context, label, identity, ref entry) : error;
    }

    private int ListNames(in FuseContext context, out List<byte[]> names, out Hammer2Error error)
    {
        names = [];
        error = Hammer2Error.None;
        if (HiddenNodes.IsTop(context.NodeId))
        {
            names.Add([.. "snapshots"u8]);
            return FuseErrno.None;
        }
        ulong node = _mount.NodeOf(SnapshotNodes.InumOf(context.NodeId));
        int refused = Identify(in context, node, out DirectoryIdentity identity);
        if (refused != FuseErrno.None) return refused;
        error = _snapshots.ListLabels(out List<byte[]> all);
        foreach (byte[] name in all)
        {
            byte[] label = SnapshotName.LabelOf(name)!;
            // One that cannot be looked at now says so to those who use its name.
            if (_snapshots.CheckDirectory(in context, label, identity) is not (FuseErrno.ENOENT or FuseErrno.ESTALE))
                names.Add(name);
        }
        return FuseErrno.None;
    }

    // Of a directory of the mounted PFS.
    private int Identify(in FuseContext context, ulong node, out DirectoryIdentity identity)
    {
        FuseInHeader header = default;
        FuseStatXOut found = default;
        int error = Inner.StatX(context.WithNode(node, ref header), default(FuseStatXIn), ref found);
        identity = DirectoryIdentity.Of(in found.Stat);
        return error;
    }

    // Asked again for each use: the directory may be gone then, or have an entry of the name.
    private int Fill(ulong node, ref FuseEntryOut entry)
    {
        entry = default;
        entry.NodeId = node;
        FillAttributes(node, ref entry.Attr);
        return FuseErrno.None;
    }

    private void FillAttributes(ulong node, ref FuseAttr attributes)
    {
        attributes.Inode = node;
        attributes.Mode = DirectoryMode;
        attributes.LinkCount = 1;
        attributes.Uid = _mount.OwnerId;
        attributes.ATime = attributes.MTime = attributes.CTime = _mountedAt;
    }
}
