// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>
/// Learns which directories are listed more than once. To keep a listing in the kernel costs as much as a third of
/// the listing itself, and pays from the next one on; to be asked about each opening costs a request.
/// </summary>
/// <remarks>Nothing here is locked: a wrong guess costs time and nothing else.</remarks>
internal sealed class OpenedDirectories
{
    private const int SlotsTotal = 64;
    private const int WalkDirectoriesMin = 16;
    private const ulong RepeatedBit = 1UL << 63;    // no inode number has it

    private readonly ulong[] _slots = new ulong[SlotsTotal];
    private int _firstOpenings;

    /// <summary>True once many directories were opened: somebody walks through the tree, and whoever opens a
    /// directory need not ask any more.</summary>
    public bool IsWalk => Volatile.Read(ref _firstOpenings) >= WalkDirectoriesMin;

    /// <summary>True for a directory that was opened more than once, as far as is known.</summary>
    public bool IsRepeated(ulong directory) =>
        Volatile.Read(ref _slots[directory % SlotsTotal]) == (directory | RepeatedBit);

    /// <summary>A directory is opened.</summary>
    /// <returns>True when it was opened before, as far as is known: its listing is worth being kept.</returns>
    public bool Note(ulong directory)
    {
        ref ulong slot = ref _slots[directory % SlotsTotal];
        ulong noted = Volatile.Read(ref slot);
        if ((noted & ~RepeatedBit) == directory)
        {
            slot = directory | RepeatedBit;
            return true;
        }
        slot = directory;
        Volatile.Write(ref _firstOpenings, _firstOpenings + 1);
        return false;
    }
}
