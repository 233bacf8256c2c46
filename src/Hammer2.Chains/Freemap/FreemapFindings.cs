// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Chains.Freemap;

/// <summary>What was found of the blocks of a freemap.</summary>
/// <param name="CheckedBytes">Bytes of blocks read.</param>
/// <param name="Faults">Blocks that could not be read.</param>
/// <param name="Replaced">Leaves among them that were not in memory: everything in them counts as allocated until
/// bulkfree has seen what is in use.</param>
public readonly record struct FreemapFindings(ulong CheckedBytes, long Faults, long Replaced);
