// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;

namespace Hammer2.Fuse.Trees;

/// <content>Requests about names.</content>
internal sealed partial class MountedTree
{
    /// <inheritdoc/>
    public int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return Give(use.Served.Lookup(use.Plain(in context, ref header), name, ref entry), ref entry);
    }

    /// <inheritdoc/>
    public int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return Give(use.Served.Symlink(use.Plain(in context, ref header), name, target, ref entry), ref entry);
    }

    /// <inheritdoc/>
    public int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return Give(use.Served.MkNod(use.Plain(in context, ref header), in request, name, ref entry), ref entry);
    }

    /// <inheritdoc/>
    public int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return Give(use.Served.MkDir(use.Plain(in context, ref header), in request, name, ref entry), ref entry);
    }

    /// <inheritdoc/>
    public int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry, ref FuseOpenOut answer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return Give(use.Served.Create(
            use.Plain(in context, ref header), in request, name, ref entry, ref answer), ref entry);
    }

    /// <inheritdoc/>
    public int TmpFile(in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry,
        ref FuseOpenOut answer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return Give(use.Served.TmpFile(
            use.Plain(in context, ref header), in request, ref entry, ref answer), ref entry);
    }

    /// <inheritdoc/>
    public int Link(in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName,
        ref FuseEntryOut entry)
    {
        using var use = new Use(this, context.NodeId, oldNodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return Give(use.Served.Link(
            use.Plain(in context, ref header), use.InumOf(oldNodeId), newName, ref entry), ref entry);
    }

    /// <inheritdoc/>
    public int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags)
    {
        using var use = new Use(this, context.NodeId, newDirectory);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.Rename(use.Plain(in context, ref header), name, use.InumOf(newDirectory), newName, flags);
    }

    /// <inheritdoc/>
    public int Unlink(in FuseContext context, ReadOnlySpan<byte> name)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.Unlink(use.Plain(in context, ref header), name);
    }

    /// <inheritdoc/>
    public int RmDir(in FuseContext context, ReadOnlySpan<byte> name)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.RmDir(use.Plain(in context, ref header), name);
    }

    /// <inheritdoc/>
    public void Forget(ulong nodeId, ulong lookupCount)
    {
        using var use = new Use(this, nodeId);
        if (!use.IsStale) use.Served.Forget(use.InumOf(nodeId), lookupCount);
    }

    /// <inheritdoc/>
    public int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        scoped FuseDirectoryPacker copy = packer;
        int error = use.Served.ReadDir(use.Plain(in context, ref header), in request, ref copy);
        packer.TakeOver(copy.UsedBytes);
        if (error == FuseErrno.None && _number != 0 && packer.WantsAttributes) GiveAll(ref packer);
        return error;
    }

    private void GiveAll(ref FuseDirectoryPacker packer)
    {
        for (int offset = 0; offset < packer.UsedBytes;)
        {
            ref FuseEntryOut entry = ref packer.EntryAt(ref offset);
            // One that cannot be shown is looked up when it is used, and refused then.
            if (Give(FuseErrno.None, ref entry) != FuseErrno.None) entry = default;
        }
    }
}
