// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>What a tree of references is below.</summary>
public enum TreeOwner
{
    /// <summary>The super-root, whose tree has the roots of all PFSs.</summary>
    SuperRoot,

    /// <summary>The root of a PFS, whose tree has all inodes and the entries of the root directory.</summary>
    PfsRoot,

    /// <summary>Another directory, whose tree has its entries.</summary>
    Directory,

    /// <summary>A file, whose tree has its data.</summary>
    File,
}

/// <summary>Blocks of references at one level of trees of one kind.</summary>
/// <param name="Owner">What the trees are below.</param>
/// <param name="Level">The level, from 1 for blocks that the inode refers to.</param>
/// <param name="Blocks">How many there are, those that several PFSs share once.</param>
/// <param name="Bytes">Their size.</param>
public readonly record struct TreeLevel(TreeOwner Owner, int Level, long Blocks, ulong Bytes);

/// <summary>File data that is stored by one method.</summary>
/// <param name="Method">The compression.</param>
/// <param name="Blocks">Blocks, each once.</param>
/// <param name="StoredBytes">What they need on media.</param>
/// <param name="ContentBytes">What they are decoded to, up to the ends of files.</param>
public readonly record struct DataMethodSize(
    CompressionMethod Method, long Blocks, ulong StoredBytes, ulong ContentBytes);

/// <summary>A block that could not be counted.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="PfsKey">The key of its PFS; 0 for none.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Reason">Why.</param>
public readonly record struct TreeFault(BlockrefType Kind, ulong PfsKey, ulong Address, string Reason);
