// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>
/// A source of the leaves below an unreadable indirect block: another node with the same tree.
/// </summary>
public interface ILeafSource
{
    /// <summary>Restores the leaves of a range of keys, with everything that they lead to stored on this device
    /// anew.</summary>
    /// <param name="first">Lowest key.</param>
    /// <param name="last">Highest key.</param>
    /// <param name="leaves">Receives them in the order of their keys; undefined after an error.</param>
    /// <returns>None; the faults of all nodes that were asked; NoSpace or Io when this device could not store
    /// them.</returns>
    Hammer2Error Restore(ulong first, ulong last, List<Blockref> leaves);
}
