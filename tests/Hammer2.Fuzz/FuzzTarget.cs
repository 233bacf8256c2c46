// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Fuzz.Targets;

namespace Hammer2.Fuzz;

/// <summary>Passes bytes to the code under test and checks properties that must hold for any bytes.</summary>
/// <exception cref="PropertyException">A property does not hold. Any other exception is a finding as well.</exception>
internal delegate void FuzzBody(ReadOnlySpan<byte> input);

/// <summary>One input of unknown origin.</summary>
/// <param name="Name">Name on the command line and of the corpus folder.</param>
/// <param name="Meaning">One line without a full stop: the meaning of the bytes.</param>
/// <param name="Run">Processes one input, independently of earlier calls.</param>
internal sealed record FuzzTarget(string Name, string Meaning, FuzzBody Run)
{
    /// <summary>Maximum length of an input in bytes; longer ones are cut.</summary>
    public const int InputBytesMax = 65536;

    /// <summary>All targets.</summary>
    public static readonly IReadOnlyList<FuzzTarget> All =
    [
        new("volume-header", "headers of one to three volumes, as patches to valid ones", VolumeHeaderTarget.Run),
        new("block", "a reference and its block", BlockTarget.Run),
        new("freemap", "a reference to a freemap block, and patches to a valid block", FreemapTarget.Run),
        new("lz4", "an LZ4 block, and data to encode", CompressionTarget.RunLz4),
        new("zlib", "a zlib stream, and data to encode", CompressionTarget.RunZlib),
        new("fuse", "requests from the kernel", FuseTarget.Run),
        new("fuse-init", "the first request from the kernel", FuseInitTarget.Run),
        new("partitions", "partition tables as patches to a disk", PartitionTarget.Run),
        new("nbd", "what a server of a remote device sends: a handshake, or replies", NbdTarget.Run),
        new("mount-text", "options of -o, and the specification of a filesystem", MountTextTarget.Run),
        new("command-text", "the arguments of a command line, with sizes, labels and names", CommandTextTarget.Run),
    ];

    /// <summary>The target with a name, or null.</summary>
    public static FuzzTarget? ByName(string name)
    {
        foreach (FuzzTarget target in All)
            if (target.Name == name) return target;
        return null;
    }
}

/// <summary>A property does not hold for an input.</summary>
internal sealed class PropertyException(string property) : Exception(property);

/// <summary>Checks of properties.</summary>
internal static class Property
{
    /// <summary>Throws unless the property holds.</summary>
    /// <param name="holds">True when it does.</param>
    /// <param name="property">Description of the property.</param>
    public static void Holds(bool holds, string property)
    {
        if (!holds) throw new PropertyException(property);
    }
}
