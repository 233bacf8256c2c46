// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration.Doors;

/// <summary>Says which objects the node ids of a mount stand for, and keeps it so while they are used.</summary>
internal interface INodeObjects
{
    /// <summary>Begins an operation on an object.</summary>
    /// <param name="node">Its node id.</param>
    /// <param name="inum">Its inode number.</param>
    /// <returns>0, and <see cref="Leave"/> must follow on the same thread; ESTALE when the node id stands for nothing
    /// any more.</returns>
    int Enter(ulong node, out ulong inum);

    /// <summary>Ends it.</summary>
    void Leave();
}
