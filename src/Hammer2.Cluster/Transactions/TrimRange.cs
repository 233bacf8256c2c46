// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Transactions;

/// <summary>Which free space is given up (TRIM), on each node.</summary>
/// <param name="First">First byte of the address space.</param>
/// <param name="Last">Last byte of it, included.</param>
/// <param name="LeastBytes">Runs of free granules that are shorter are left.</param>
public readonly record struct TrimRange(ulong First, ulong Last, long LeastBytes);
