// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Testing;

/// <summary>What a <see cref="FakeNbdServer"/> is like.</summary>
public sealed record FakeNbdOptions
{
    /// <summary>Flags with everything: FLUSH, FUA, TRIM, WRITE_ZEROES.</summary>
    public const ushort AllFlags = 1 | 4 | 8 | 32 | 64;

    /// <summary>Flags of the export.</summary>
    public ushort Flags { get; init; } = AllFlags;

    /// <summary>Name of the export.</summary>
    public string Export { get; init; } = "disk";

    /// <summary>True to have structured replies.</summary>
    public bool IsStructured { get; init; } = true;

    /// <summary>Least, preferred and greatest block size; null tells none.</summary>
    public (uint Least, uint Preferred, uint Greatest)? BlockSizes { get; init; } = (1, 4096, 32 << 20);

    /// <summary>Size that is told; null for that of the device.</summary>
    public ulong? LengthBytes { get; init; }

    /// <summary>Reads are answered in chunks of random lengths and order, with holes where zeros are, and requests in
    /// random order; null answers in order and at once.</summary>
    public ulong? ShufflingSeed { get; init; }

    /// <summary>Bytes that are sent instead of the greeting; null for the right ones.</summary>
    public byte[]? Greeting { get; init; }

    /// <summary>Sent instead of the answer to an option, by the number of the option; null or an empty answer sends
    /// what is right.</summary>
    public Func<uint, byte[]?>? Option { get; init; }

    /// <summary>True to take nothing in the handshake, for ever.</summary>
    public bool HangsInHandshake { get; init; }
}
