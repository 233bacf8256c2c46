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
/// Upstream: <c>hammer2_chain_lookup</c>, <c>hammer2_chain_next</c>. Allocates nothing itself. Media that
/// refers to itself in a circle is stopped by the depth and by the number of blocks without a leaf.
/// </remarks>
public ref struct ChainCursor
{
    // A block of references exists for its leaves. This many without any is a circle, not a tree.
    private const int BarrenBlocksMax = 65536;

    private readonly MediaDevice _device;
    private readonly ulong _last;
    private ChainStack _stack;
    private ReadOnlySpan<Blockref> _table;          // of the top block
    private int _depth;
    private int _index;
    private int _passed;                            // slot of the top block right before the position, or -1
    private ulong _position;
    private bool _isAtEnd;

    /// <summary>Stands before the first leaf with a key in [first, last] below
    /// <paramref name="top"/>.</summary>
    /// <param name="device">Where the chains are.</param>
    /// <param name="top">The object.</param>
    /// <param name="first">Lowest key.</param>
    /// <param name="last">Highest key.</param>
    public ChainCursor(MediaDevice device, Chain top, ulong first, ulong last)
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

    /// <summary>The leaf that the last step found. Only after a step that answered None.</summary>
    public readonly ref readonly Blockref Current => ref _table[_index];

    /// <summary>First key that the last step could not see, after a fault.</summary>
    public ulong HiddenFirst { get; private set; }

    /// <summary>Last key that the last step could not see, after a fault.</summary>
    public ulong HiddenLast { get; private set; }

    /// <summary>Goes to the next leaf.</summary>
    /// <returns>None; NoEntry at the end; or the fault of a block on the way, whose keys
    /// [<see cref="HiddenFirst"/>, <see cref="HiddenLast"/>] stay unknown.</returns>
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
                _device.Faults.Report(found, Hammer2Error.Corrupt, "indirect blocks go in a circle");
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

    // Every step moves the position up, so that the walk ends whatever the media says.
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
