// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>
/// A read-only table of references: the four of an inode or header, or the 32 to 512 of an indirect
/// block. Used slots ascend and do not overlap; unused ones may lie anywhere between them.
/// </summary>
/// <remarks>
/// The order is a promise of <see cref="MediaValidator.Table"/>, not checked here. On a table that
/// breaks it the answers are indices within the table all the same. Upstream: the <c>base</c>
/// arrays of hammer2_chain.c.
/// </remarks>
public readonly ref struct BlockTable
{
    private readonly ReadOnlySpan<Blockref> _slots;

    /// <summary>Lays the table over <paramref name="slots"/>.</summary>
    public BlockTable(ReadOnlySpan<Blockref> slots)
    {
        _slots = slots;
    }

    /// <summary>Slots, used or not.</summary>
    public int Length => _slots.Length;

    /// <summary>The reference in slot <paramref name="index"/>.</summary>
    public ref readonly Blockref this[int index] => ref _slots[index];

    /// <summary>
    /// Gives the slot of the first reference whose last key is at or above <paramref name="key"/>:
    /// it covers the key, or is the next one after it. -1 when there is none.
    /// </summary>
    public int FindFirst(ulong key)
    {
        (int low, int high) = (0, _slots.Length);
        int found = -1;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);

            // Holes tell nothing: the next used slot speaks for the middle.
            int used = middle;
            while (used < high && _slots[used].IsEmpty) used++;
            if (used == high)
            {
                high = middle;
            }
            else if (_slots[used].KeyEnd >= key)
            {
                (found, high) = (used, middle);
            }
            else
            {
                low = used + 1;
            }
        }

        return found;
    }

    /// <summary>Gives the next used slot behind <paramref name="index"/>, or -1. From -1 it gives
    /// the first.</summary>
    public int Next(int index)
    {
        for (int slot = index + 1; slot < _slots.Length; slot++)
        {
            if (!_slots[slot].IsEmpty) return slot;
        }

        return -1;
    }

    /// <summary>Slots in use.</summary>
    public int CountUsed()
    {
        int used = 0;
        foreach (ref readonly Blockref slot in _slots)
        {
            if (!slot.IsEmpty) used++;
        }

        return used;
    }
}
