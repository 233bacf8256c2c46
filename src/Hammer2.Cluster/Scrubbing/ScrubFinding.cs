// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>A damaged block that could not be written again at once.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Reference">The reference to it.</param>
internal readonly record struct ScrubFinding(DamagedPlace Place, Blockref Reference);
