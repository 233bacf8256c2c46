// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>How a stream is received beside mounted PFSs.</summary>
/// <param name="Label">The label of the PFS; null for that of the snapshot.</param>
/// <param name="Random">Gives 64 random bits, for ids.</param>
/// <param name="Time">The clock.</param>
/// <param name="Exclusively">Carries out what must not happen beside other changes of the list of PFSs.</param>
/// <param name="Claim">Has a label of a filesystem for one receiver alone, until it is disposed of; null when another
/// one has it.</param>
/// <param name="IsCancelled">Asked between records; true ends it.</param>
public sealed record LiveReceiving(byte[]? Label, Func<ulong> Random, TimeProvider Time,
    Func<Func<Hammer2Error>, Hammer2Error> Exclusively, Func<MediaUuid, byte[], IDisposable?> Claim,
    Func<bool> IsCancelled)
{
    /// <summary>Bytes of records that one commit is made of, about.</summary>
    public int PartBytes { get; init; } = 4 << 20;
}
