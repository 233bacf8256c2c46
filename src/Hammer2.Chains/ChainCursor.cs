// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>
/// Walks the leaf references (inodes, data, directory entries) below one chain in key order, within a range
/// of keys. Indirect blocks are passed through without notice, whatever their depth and shape. A block that
/// cannot be read hides its range of keys only: the step says which, and the next one goes on after it.
/// </summary>
/// <remarks>
/// Upstream: <c>hammer2_chain_lookup</c>, <c>hammer2_chain_next</c>. Allocates nothing itself. Cycles in damaged media
/// are detected by the depth and by the number of blocks without a leaf.
/// </remarks>
public ref struct ChainCursor
{
    // An indirect block has leaves below it. This many without any are a cycle, not a tree.
    private const int BarrenBlocksMax = 65536;

    private readonly MediaReader _device;
    private readonly ulong _last;
    private ChainStack _stack;
    private ReadOnlySpan<Blockref> _table;          // references of the top block
    private int _depth;
    private int _index;
    private int _passed;                            // slot of the top block just before the position, or -1
    private ulong _position;
    private bool _isAtEnd;

    /// <summary>A cursor before the first leaf with a key in [first, last] below <paramref name="top"/>.</summary>
    /// <param name="device">The device of the chains.</param>
    /// <param name="top">The object.</param>
    /// <param name="first">Lowest key.</param>
    /// <param name="last">Highest key.</param>
    public ChainCursor(MediaReader device, Chain top, ulong first, ulong last)
    {
        _device = device;
        _position = first;
        _last = last;
        _stack[0] = top;
        _table = top.Table;
        _depth = 1;
        _index = -1;
        _passed = -1;
        _isAtEnd = first > last;
    }

    /// <summary>The leaf that the last step found. Only after a step that returned None.</summary>
    public readonly ref readonly Blockref Current => ref _table[_index];

    /// <summary>After a fault: the first key hidden by it.</summary>
    public ulong HiddenFirst { get; private set; }

    /// <summary>After a fault: the last key hidden by it.</summary>
    public ulong HiddenLast { get; private set; }

    /// <summary>Moves to the next leaf.</summary>
    /// <returns>None; NoEntry at the end; or the fault of a block, which hides the keys [<see cref="HiddenFirst"/>,
    /// <see cref="HiddenLast"/>].</returns>
    public Hammer2Error MoveNext()
    {
        int barren = 0;
        while (!_isAtEnd)
        {
            var table = new BlockTable(_table);
            int index = _passed >= 0 ? table.Next(_passed) : table.FindFirst(_position);
            _passed = -1;
            if (index < 0 || table[index].Key > _last)
            {
                LeaveTop();
                continue;
            }
            ref readonly Blockref found = ref table[index];
            if (found.Type != BlockrefType.Indirect)
            {
                _index = index;
                _passed = index;
                StepBehind(found);
                return Hammer2Error.None;
            }
            if (_depth == Media.TreeDepthMax || ++barren > BarrenBlocksMax)
            {
                _device.Faults.Report(found, Hammer2Error.Corrupt, "indirect blocks form a cycle");
                return Hide(_position, _last, Hammer2Error.Corrupt, isEnd: true);
            }
            Hammer2Error error = _device.Load(found, out Chain? child);
            if (error != Hammer2Error.None)
            {
                ulong first = Math.Max(_position, found.Key);
                return Hide(first, Math.Min(found.KeyEnd, _last), error, isEnd: false);
            }
            _stack[_depth++] = child!;
            _table = child!.Table;
        }
        return Hammer2Error.NoEntry;
    }

    private void LeaveTop()
    {
        if (_depth == 1)
        {
            _isAtEnd = true;
            return;
        }
        StepBehind(_stack[--_depth].Reference);
        _table = _stack[_depth - 1].Table;
    }

    // Every step increases the position, so that the walk ends on any media.
    private void StepBehind(in Blockref passed)
    {
        if (passed.KeyEnd >= _last) _isAtEnd = true;
        else _position = Math.Max(_position, passed.KeyEnd + 1);
    }

    private Hammer2Error Hide(ulong first, ulong last, Hammer2Error error, bool isEnd)
    {
        HiddenFirst = first;
        HiddenLast = last;
        if (isEnd || last >= _last) _isAtEnd = true;
        else _position = last + 1;
        return error;
    }

    [InlineArray(Media.TreeDepthMax)]
    private struct ChainStack
    {
        private Chain _top;
    }
}
