// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>
/// A read-only table of references: the four of an inode or header, or the 32 to 512 of an indirect block. The keys of
/// used slots ascend and do not overlap; unused slots may be anywhere between them.
/// </summary>
/// <remarks>
/// <see cref="MediaValidator.Table"/> checks the order; this type does not. On a table out of order every result is
/// still a valid index or -1, but may name the wrong slot. Upstream: the <c>base</c> arrays of hammer2_chain.c.
/// </remarks>
public readonly ref struct BlockTable
{
    private readonly ReadOnlySpan<Blockref> _slots;

    /// <summary>Makes a view of <paramref name="slots"/>; nothing is copied.</summary>
    public BlockTable(ReadOnlySpan<Blockref> slots)
    {
        _slots = slots;
    }

    /// <summary>Number of slots, used and unused.</summary>
    public int Length => _slots.Length;

    /// <summary>The reference in slot <paramref name="index"/>.</summary>
    public ref readonly Blockref this[int index] => ref _slots[index];

    /// <summary>
    /// Finds the slot of the first reference whose last key is at or above <paramref name="key"/>: the reference that
    /// covers the key, or else the next one after the key. -1 when there is none.
    /// </summary>
    public int FindFirst(ulong key)
    {
        (int low, int high) = (0, _slots.Length);
        int found = -1;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);

            // An unused slot has no key to compare: use the next used slot instead of the middle.
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

    /// <summary>Finds the next used slot after <paramref name="index"/>, or -1 when there is none. Pass -1 to get the
    /// first used slot.</summary>
    public int Next(int index)
    {
        for (int slot = index + 1; slot < _slots.Length; slot++)
        {
            if (!_slots[slot].IsEmpty) return slot;
        }

        return -1;
    }

    /// <summary>Number of slots in use.</summary>
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
