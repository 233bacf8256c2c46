// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Reports;

/// <summary>A committed state of a filesystem that is kept readable, and whose blocks bulkfree keeps.</summary>
/// <param name="Purpose">What it is kept for.</param>
/// <param name="MirrorTid">Number of its volume header.</param>
/// <param name="Since">When it was pinned.</param>
/// <param name="Bound">How long it should last at most.</param>
public sealed record PinDescription(string Purpose, ulong MirrorTid, DateTimeOffset Since, TimeSpan Bound);
