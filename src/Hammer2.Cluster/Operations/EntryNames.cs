// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <summary>Reads the name of a directory entry that is on media. Short names are in the reference itself, longer ones
/// in a block of their own, those of old directories in the inode; when that block cannot be read, another node's copy
/// is.</summary>
internal static class EntryNames
{
    private static bool IsName(in Blockref reference) => reference.Type == BlockrefType.Dirent;

    // Directories of a PFS hold DIRENT references. The super-root, and directories of very old media, hold
    // the inodes themselves, with the name inside.
    public static ReadOnlySpan<byte> Of(in Blockref reference, Chain? block)
    {
        if (block is null) return reference.CheckRead[..reference.Dirent.NameBytes];
        return block.Kind == ChainKind.Inode ? block.InodeName : block.Block[..reference.Dirent.NameBytes];
    }

    public static Hammer2Error Load(
        in Inode directory, scoped in ClusterCursor cursor, out Chain? block, out DirectoryEntry entry)
    {
        ref readonly Blockref reference = ref cursor.Current;
        block = null;
        entry = new DirectoryEntry(reference.Dirent.Inum, reference.Dirent.Type, reference.Key);
        if (IsName(reference) && reference.Data.SizeBytes == 0)
            return cursor.Device.CheckEntryName(reference);
        if (reference.Type is not (BlockrefType.Dirent or BlockrefType.Inode))
            return cursor.Device.ReportMisplaced(reference, "not an entry, among a directory's entries");

        Hammer2Error error = cursor.Device.Load(reference, out block);
        if (error.IsNodeFault())
            error = LoadNameFromSibling(directory, cursor.Node, reference, error, out block);
        if (error != Hammer2Error.None || block!.Kind != ChainKind.Inode) return error;
        entry = new DirectoryEntry(block.Meta.Inum, block.Meta.Type, reference.Key);
        return MediaValidator.IsEntryName(block.InodeName)
            ? error
            : cursor.Device.ReportMisplaced(reference, "the inode's own name is not legal as an entry's");
    }

    private static Hammer2Error LoadNameFromSibling(
        in Inode directory, int failed, in Blockref wanted, Hammer2Error errors, out Chain? block)
    {
        block = null;
        directory.Nodes.WantHealed(failed, directory.Inum, wanted.Key, errors);
        foreach (int node in directory.ReadOrder.Except(failed))
        {
            Hammer2Error error = directory.TryOnNode(node, out Chain? top);
            if (error == Hammer2Error.None)
            {
                MediaDevice device = directory.NodeAt(node).Device;
                var cursor = new ChainCursor(device, top!, wanted.Key, wanted.Key);
                error = cursor.MoveNext();
                if (error == Hammer2Error.None)
                {
                    error = IsSameEntry(cursor.Current, wanted)
                        ? device.Load(cursor.Current, out block)
                        : Hammer2Error.NodeDown;
                }
            }
            if (error == Hammer2Error.None)
            {
                directory.Nodes.CountRepairedRead();
                return error;
            }
            errors |= error & Hammer2ErrorExtensions.NodeFaults;
        }
        return errors;
    }

    private static bool IsSameEntry(in Blockref left, in Blockref right) =>
        left.Type == right.Type && left.ModifyTid == right.ModifyTid
        && (left.Type == BlockrefType.Inode
            || (left.Dirent.Inum == right.Dirent.Inum && left.Dirent.NameBytes == right.Dirent.NameBytes));
}
