// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Copies what a leaf of the source leads to.</summary>
internal interface ILeafCopier
{
    /// <summary>Copies a leaf, unless the target has its content already.</summary>
    /// <param name="source">The leaf.</param>
    /// <param name="target">What the target has under its key; null for nothing.</param>
    /// <param name="relation">What the references say of each other; Different where the target has nothing.</param>
    /// <param name="within">Key below the leaf before which everything was copied; 0 for none.</param>
    /// <param name="copy">The leaf for the target.</param>
    /// <returns>None; what writing met; what reading the source met, which <see cref="SourceFault"/> has then,
    /// too.</returns>
    Hammer2Error Copy(
        in Blockref source, Blockref? target, LeafRelation relation, ulong within, out LeafCopy copy);

    /// <summary>What reading the source met; None while all could be read.</summary>
    Hammer2Error SourceFault { get; }

    /// <summary>True when a block of the target could not be read.</summary>
    bool HasTargetFault { get; }
}
