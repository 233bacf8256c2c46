// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Fuse.Administration;

/// <summary>Requests of the kernel since the mount was made.</summary>
/// <param name="Since">When counting began.</param>
/// <param name="ElapsedSeconds">Seconds since then.</param>
/// <param name="Operations">Each kind of request that occurred.</param>
/// <param name="Transport">How requests come: io_uring, or device (/dev/fuse).</param>
/// <param name="Queues">Queues of io_uring; 0 with the device.</param>
/// <param name="StalledRequests">Requests that wait for nodes now.</param>
/// <param name="Malformed">Requests that were malformed.</param>
/// <param name="Unknown">Requests with operations that this program does not have.</param>
/// <param name="Thrown">Requests that a defect of the program made fail.</param>
/// <param name="Caches">The caches, which all mounts of the process share.</param>
/// <param name="Commits">Commits since the PFS was opened for writing; null for a read-only mount.</param>
/// <param name="DeduplicatedBlocks">Blocks that were not stored because an equal one was.</param>
/// <param name="Events">Events so far.</param>
/// <param name="ResidentBytes">Memory of the process, which may serve several mounts.</param>
internal sealed record StatisticsResult(
    DateTimeOffset Since, double ElapsedSeconds, IReadOnlyList<OperationResult> Operations, string Transport,
    int Queues, int StalledRequests, long Malformed, long Unknown, long Thrown, IReadOnlyList<CacheResult> Caches,
    CommitsResult? Commits, long DeduplicatedBlocks, ulong Events, long ResidentBytes);

/// <summary>A cache.</summary>
/// <param name="Name">What it holds: metadata, or data (file blocks that were read in part).</param>
/// <param name="HeldBytes">Bytes in it.</param>
/// <param name="MaxBytes">The most that it holds.</param>
/// <param name="Hits">Searches that found a block.</param>
/// <param name="Misses">Searches that did not.</param>
internal sealed record CacheResult(string Name, long HeldBytes, long MaxBytes, long Hits, long Misses);

/// <summary>Commits.</summary>
/// <param name="Count">Those that became durable on a quorum.</param>
/// <param name="Failed">Attempts that too few nodes took.</param>
/// <param name="TotalMicroseconds">Time for all successful ones.</param>
/// <param name="RunningMicroseconds">For how long the one that runs has been running; null while none does.</param>
/// <param name="BoundsSeconds">The ends of the ranges of the histogram but the last, which has none.</param>
/// <param name="Histogram">How many took how long.</param>
internal sealed record CommitsResult(long Count, long Failed, long TotalMicroseconds, long? RunningMicroseconds,
    IReadOnlyList<double> BoundsSeconds, IReadOnlyList<long> Histogram);

/// <summary>One kind of request.</summary>
/// <param name="Name">Its name in the FUSE protocol.</param>
/// <param name="Count">How many.</param>
/// <param name="Errors">How many of them ended with an error number.</param>
/// <param name="TotalMicroseconds">Time that the filesystem needed for all.</param>
/// <param name="Histogram">How many took below 1 us, 1 to 2 us, 2 to 4 us, 4 to 8 us ...; without zeros at the
/// end.</param>
internal sealed record OperationResult(
    string Name, long Count, long Errors, long TotalMicroseconds, IReadOnlyList<long> Histogram);
