// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>
/// The order in which the nodes of a cluster are read for one object: the first is its focus, the others are used when
/// reading that one fails. Enumerates slots and allocates nothing.
/// </summary>
/// <remarks>
/// An object is always read from the same node, which keeps a stream on one device and lets the caches of all nodes
/// together hold more. Its number, written in the factorial number system, names one of the permutations of the ring:
/// inodes with consecutive numbers go to different nodes, and a node that fails passes on its objects to the others in
/// equal shares, while the order of all other objects stays as it is.
/// </remarks>
public readonly record struct ReadOrder
{
    private readonly ulong _inum;
    private readonly SlotSet _ring;
    private readonly SlotSet _readable;
    private readonly int _lead;

    /// <summary>The order for an object.</summary>
    /// <param name="inum">Its number.</param>
    /// <param name="ring">The slots that objects are spread over.</param>
    /// <param name="readable">Those that may be read now; the others are left out.</param>
    public ReadOrder(ulong inum, SlotSet ring, SlotSet readable) : this(inum, ring, readable, lead: -1)
    {
    }

    private ReadOrder(ulong inum, SlotSet ring, SlotSet readable, int lead)
    {
        _inum = inum;
        _ring = ring;
        _readable = readable;
        _lead = lead;
    }

    /// <summary>The slot that is asked first; -1 when none may be read.</summary>
    public int First
    {
        get
        {
            Enumerator slots = GetEnumerator();
            return slots.MoveNext() ? slots.Current : -1;
        }
    }

    /// <summary>The same order without a slot, which was asked already.</summary>
    public ReadOrder Except(int slot) => new(_inum, _ring, _readable.Without(slot), _lead);

    /// <summary>The same order behind a slot of it, which is asked first if it may be read.</summary>
    public ReadOrder StartingWith(int slot) => new(_inum, _ring, _readable, slot);

    /// <summary>Enumerates the slots.</summary>
    public Enumerator GetEnumerator() => new(_inum, _ring, _readable, _lead);

    /// <summary>Steps through an order.</summary>
    public ref struct Enumerator
    {
        private ulong _number;
        private SlotSet _ring;
        private SlotSet _readable;
        private int _lead;

        internal Enumerator(ulong inum, SlotSet ring, SlotSet readable, int lead)
        {
            _number = inum;
            _ring = ring;
            _readable = readable;
            _lead = lead;
            Current = -1;
        }

        /// <summary>The slot of the last step.</summary>
        public int Current { get; private set; }

        /// <summary>Goes to the next slot that may be read.</summary>
        public bool MoveNext()
        {
            if (_lead >= 0)
            {
                Current = _lead;
                _lead = -1;
                bool isReadable = _readable.Contains(Current);
                _readable = _readable.Without(Current);
                if (isReadable) return true;
            }
            while (!_ring.IsEmpty)
            {
                Current = TakeNext();
                if (_readable.Contains(Current)) return true;
            }
            return false;
        }

        // One digit of the number chooses among the slots that are left.
        private int TakeNext()
        {
            int left = _ring.Count;
            if (left == 1)
            {
                int last = _ring.First;
                _ring = default;
                return last;
            }
            (_number, ulong digit) = Math.DivRem(_number, (ulong)left);
            int slot = _ring.At((int)digit);
            _ring = _ring.Without(slot);
            return slot;
        }
    }
}
