// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Format;

namespace Hammer2.Fuse.Trees;

/// <summary>
/// Has the kernel drop what it cached of a tree that was exchanged: the names in the root directory, with all names
/// below them, those that it knows not to exist included; and attributes and pages of all objects that it still
/// references.
/// </summary>
/// <remarks>Not while a request is served that the kernel makes with a lock of the root directory held: it needs that
/// lock.</remarks>
internal static class TreeInvalidation
{
    private const ulong RootNode = 1;

    /// <summary>Sends the invalidations.</summary>
    /// <param name="notifier">The kernel.</param>
    /// <param name="exchanged">The tree before.</param>
    /// <param name="formerRoot">Its root directory.</param>
    /// <param name="root">The root directory that is shown now.</param>
    /// <returns>None; the faults of parts of the directories that cannot be read: names there may stay in the kernel's
    /// cache until an operation on them finds that they are stale.</returns>
    public static Hammer2Error Send(
        FuseNotifier notifier, in ExchangedTree exchanged, in Inode formerRoot, in Inode root)
    {
        var names = new NameInvalidation(notifier);
        // A name of the new tree that the kernel knows not to exist in the old one must be found.
        Hammer2Error error = NameOperations.ReadDirectory(formerRoot, 0, ref names, out _)
            | NameOperations.ReadDirectory(root, 0, ref names, out _);
        int number = exchanged.Number;
        // Nothing that was cached is ENOENT, and no failure.
        exchanged.Former.ForEachNode(
            inum => _ = notifier.InvalidateInode(TreeNodes.Of(number, inum), position: 0, lengthBytes: 0));
        _ = notifier.InvalidateInode(RootNode, position: 0, lengthBytes: 0);
        return error;
    }

    private struct NameInvalidation(FuseNotifier notifier) : IEntrySink
    {
        public bool Add(scoped ReadOnlySpan<byte> name, scoped in DirectoryEntry entry)
        {
            _ = notifier.InvalidateEntry(RootNode, name);
            return true;
        }
    }
}
