// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Fuzz.Targets;

namespace Hammer2.Fuzz;

/// <summary>Gives bytes to the code under test and checks what must hold whatever they are.</summary>
/// <exception cref="PropertyException">A property does not hold. Any other exception is a finding as well.</exception>
internal delegate void FuzzBody(ReadOnlySpan<byte> input);

/// <summary>One place where bytes of unknown origin enter the program.</summary>
/// <param name="Name">What the command line and the corpus folder call it.</param>
/// <param name="Meaning">One line without a full stop: what the bytes stand for.</param>
/// <param name="Run">Takes one input. Keeps nothing from one call to the next.</param>
internal sealed record FuzzTarget(string Name, string Meaning, FuzzBody Run)
{
    /// <summary>Longest input that a target looks at, in bytes; fuzzers need make none that is longer.</summary>
    public const int InputBytesMax = 65536;

    /// <summary>All targets.</summary>
    public static readonly IReadOnlyList<FuzzTarget> All =
    [
        new("volume-header", "headers of one to three volumes as patches to good ones", VolumeHeaderTarget.Run),
        new("block", "a reference, and the block it leads to", BlockTarget.Run),
        new("freemap", "a reference to a freemap block, and patches to a good block", FreemapTarget.Run),
        new("lz4", "an LZ4 block, and data to encode", CompressionTarget.RunLz4),
        new("zlib", "a zlib stream, and data to encode", CompressionTarget.RunZlib),
        new("fuse", "requests from the kernel", FuseTarget.Run),
        new("fuse-init", "the first request from the kernel", FuseInitTarget.Run),
        new("partitions", "partition tables as patches to a disk", PartitionTarget.Run),
        new("mount-text", "options of -o, and what names a filesystem", MountTextTarget.Run),
        new("command-text", "the words of a command line, with its sizes, labels and names", CommandTextTarget.Run),
    ];

    /// <summary>The target with a name, or null.</summary>
    public static FuzzTarget? ByName(string name)
    {
        foreach (FuzzTarget target in All)
            if (target.Name == name) return target;
        return null;
    }
}

/// <summary>Something that must hold for all inputs did not hold for this one.</summary>
internal sealed class PropertyException(string property) : Exception(property);

/// <summary>Checks of properties.</summary>
internal static class Property
{
    /// <summary>Ends the run of a target unless the property holds.</summary>
    /// <param name="holds">True when it does.</param>
    /// <param name="property">What should be so.</param>
    public static void Holds(bool holds, string property)
    {
        if (!holds) throw new PropertyException(property);
    }
}
