// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Fuse;

/// <summary>Numbers of references by node id. Nodes of a directory mostly have ids close together: 2 bytes for each
/// then, 52 bytes for one that is alone among its neighbours. Not thread-safe.</summary>
internal sealed class NodeReferences
{
    /// <summary>So many neighbours share memory: ids that are equal above these bits.</summary>
    public const int NeighboursRadix = 5;

    private const int Neighbours = 1 << NeighboursRadix;

    private readonly Dictionary<ulong, Counts> _groups = [];
    private readonly Dictionary<ulong, ulong> _more = []; // references beyond what a byte counts

    /// <summary>Adds one reference to a node.</summary>
    public void Add(ulong node)
    {
        ref Counts group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, node >> NeighboursRadix, out _);
        ref byte count = ref group[(int)node & (Neighbours - 1)];
        if (count < byte.MaxValue) count++;
        else CollectionsMarshal.GetValueRefOrAddDefault(_more, node, out _)++;
    }

    /// <summary>True when a node has a reference.</summary>
    public bool Has(ulong node)
    {
        ref Counts group = ref CollectionsMarshal.GetValueRefOrNullRef(_groups, node >> NeighboursRadix);
        return !Unsafe.IsNullRef(ref group) && group[(int)node & (Neighbours - 1)] != 0;
    }

    /// <summary>Takes references from a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="references">How many; all when it has fewer.</param>
    /// <returns>True when it had references, and has none any more.</returns>
    public bool Drop(ulong node, ulong references)
    {
        ref Counts group = ref CollectionsMarshal.GetValueRefOrNullRef(_groups, node >> NeighboursRadix);
        if (Unsafe.IsNullRef(ref group)) return false;
        ref byte count = ref group[(int)node & (Neighbours - 1)];
        if (count == 0) return false;
        ulong all = count;
        if (count == byte.MaxValue && _more.Remove(node, out ulong more)) all += more;
        ulong left = all > references ? all - references : 0;
        count = (byte)Math.Min(left, byte.MaxValue);
        if (left > byte.MaxValue) _more[node] = left - byte.MaxValue;
        if (left > 0) return false;
        if (!((ReadOnlySpan<byte>)group).ContainsAnyExcept((byte)0)) _ = _groups.Remove(node >> NeighboursRadix);
        return true;
    }

    /// <summary>Appends all nodes that have references.</summary>
    public void CopyTo(List<ulong> nodes)
    {
        foreach ((ulong group, Counts counts) in _groups)
        {
            for (int index = 0; index < Neighbours; index++)
                if (counts[index] != 0) nodes.Add((group << NeighboursRadix) | (uint)index);
        }
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        _groups.Clear();
        _more.Clear();
    }

    [InlineArray(Neighbours)]
    private struct Counts
    {
        private byte _first;
    }
}
