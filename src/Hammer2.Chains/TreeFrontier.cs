// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>
/// A position in the tree below an inode that moves in key order and stops at every reference, blocks of references
/// included: these are opened, or passed as a whole without being read.
/// </summary>
/// <remarks>Every step increases the position or the depth, which is limited, so that a walk ends on any
/// media.</remarks>
public sealed class TreeFrontier
{
    private readonly MediaDevice _device;
    private readonly Chain?[] _chains = new Chain?[Media.TreeDepthMax];
    private readonly int[] _slots = new int[Media.TreeDepthMax];
    private int _depth;
    private bool _isPastLastKey;

    /// <param name="device">The device of the tree.</param>
    /// <param name="top">The inode; null for a tree without anything.</param>
    public TreeFrontier(MediaDevice device, Chain? top)
    {
        _device = device;
        if (top is not null) Push(top);
    }

    /// <summary>The lowest key that was not passed.</summary>
    public ulong Position { get; private set; }

    /// <summary>True when nothing is left. Good after <see cref="Settle"/>.</summary>
    public bool IsAtEnd => _depth == 0;

    /// <summary>The reference at the position. Only after <see cref="Settle"/>, and not at the end.</summary>
    public ref readonly Blockref Current => ref _chains[_depth - 1]!.Table[_slots[_depth - 1]];

    /// <summary>Moves to the first reference that is not wholly before the position.</summary>
    public void Settle()
    {
        if (_isPastLastKey) _depth = 0;
        while (_depth > 0)
        {
            ReadOnlySpan<Blockref> table = _chains[_depth - 1]!.Table;
            ref int slot = ref _slots[_depth - 1];
            while (slot < table.Length && (table[slot].IsEmpty || table[slot].KeyEnd < Position)) slot++;
            if (slot < table.Length) return;
            _chains[--_depth] = null;
            if (_depth > 0) _slots[_depth - 1]++;
        }
    }

    /// <summary>Passes everything up to a key.</summary>
    public void PassThrough(ulong last)
    {
        if (last == ulong.MaxValue) _isPastLastKey = true;
        else Position = Math.Max(Position, last + 1);
    }

    /// <summary>Reads the block of references at the position; its first reference is next.</summary>
    /// <returns>None; the fault of the block, which stays at the position.</returns>
    public Hammer2Error Open()
    {
        if (_depth == Media.TreeDepthMax) return _device.ReportMisplaced(Current, "indirect blocks form a cycle");
        Hammer2Error error = _device.Load(Current, out Chain? chain);
        if (error == Hammer2Error.None) Push(chain!);
        return error;
    }

    private void Push(Chain chain)
    {
        _chains[_depth] = chain;
        _slots[_depth++] = 0;
    }
}
