// SPDX-License-Identifier: BSD-3-Clause
using System.Numerics;
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>A set of slots of a cluster, 0 to 7.</summary>
/// <param name="Bits">One bit a slot.</param>
public readonly record struct SlotSet(byte Bits)
{
    /// <summary>The lowest slot; -1 when there is none.</summary>
    public int First => Bits == 0 ? -1 : BitOperations.TrailingZeroCount(Bits);

    /// <summary>How many slots are in it.</summary>
    public int Count => BitOperations.PopCount(Bits);

    /// <summary>True when no slot is in it.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>The slots from 0 up to a number of them.</summary>
    public static SlotSet FirstSlots(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Media.NodesMax);
        return new SlotSet((byte)((1 << count) - 1));
    }

    /// <summary>True when a slot is in it.</summary>
    public bool Contains(int slot) => (Bits & (1 << slot)) != 0;

    /// <summary>The same set with a slot.</summary>
    public SlotSet With(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Media.NodesMax);
        return new SlotSet((byte)(Bits | (1 << slot)));
    }

    /// <summary>The same set without a slot.</summary>
    public SlotSet Without(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Media.NodesMax);
        return new SlotSet((byte)(Bits & ~(1 << slot)));
    }

    /// <summary>The slot with a number of lower ones before it in the set.</summary>
    internal int At(int index)
    {
        uint bits = Bits;
        for (; index > 0; index--) bits &= bits - 1;
        return BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>Enumerates the slots, lowest first.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Steps through a set.</summary>
    public ref struct Enumerator
    {
        private SlotSet _rest;

        internal Enumerator(SlotSet slots)
        {
            _rest = slots;
            Current = -1;
        }

        /// <summary>The slot of the last step.</summary>
        public int Current { get; private set; }

        /// <summary>Goes to the next slot.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            Current = _rest.First;
            _rest = _rest.Without(Current);
            return true;
        }
    }
}
