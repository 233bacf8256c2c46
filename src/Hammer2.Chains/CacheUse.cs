// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Chains;

/// <summary>What a cache holds, and how often it had what was looked for.</summary>
/// <param name="HeldBytes">Bytes in it.</param>
/// <param name="MaxBytes">The most that it holds.</param>
/// <param name="Hits">Searches that found a block.</param>
/// <param name="Misses">Searches that did not.</param>
public readonly record struct CacheUse(long HeldBytes, long MaxBytes, long Hits, long Misses);
