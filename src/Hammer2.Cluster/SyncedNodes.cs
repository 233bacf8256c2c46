// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Immutable;

namespace Hammer2.Cluster;

/// <summary>The synced nodes of a view. Each is looked at when it is its turn: one that was fenced meanwhile is left
/// out.</summary>
internal readonly ref struct SyncedNodes(ImmutableArray<PresentNode> nodes)
{
    private readonly ImmutableArray<PresentNode> _nodes = nodes;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (PresentNode _ in this) count++;
            return count;
        }
    }

    /// <summary>Enumerates them; allocates nothing.</summary>
    public Enumerator GetEnumerator() => new(_nodes);

    /// <summary>Steps through them.</summary>
    internal ref struct Enumerator(ImmutableArray<PresentNode> nodes)
    {
        private readonly ImmutableArray<PresentNode> _nodes = nodes;
        private int _index = -1;

        /// <summary>The node of the last step.</summary>
        public readonly PresentNode Current => _nodes[_index];

        /// <summary>Goes to the next synced node.</summary>
        public bool MoveNext()
        {
            while (++_index < _nodes.Length)
                if (_nodes[_index].IsSynced) return true;
            return false;
        }
    }
}
