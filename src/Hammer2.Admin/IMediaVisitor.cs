// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>What a <see cref="MediaWalker"/> calls on its way. References come in the order of their keys.</summary>
public interface IMediaVisitor
{
    /// <summary>
    /// Asked before the block of a reference is read: false passes over it and all below it. References
    /// without a block, such as entries with short names, are offered too, and then entered with no bytes.
    /// </summary>
    bool Wants(in WalkPlace place, in Blockref reference);

    /// <summary>
    /// A block was read, agrees with its check code, and its fields are legal. Answers whether to go on to
    /// what is below; <see cref="Leave"/> follows in any case.
    /// </summary>
    /// <param name="place">Where the reference was found.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="block">The stored bytes, valid during the call; data is not decoded.</param>
    bool Enter(in WalkPlace place, in Blockref reference, ReadOnlySpan<byte> block);

    /// <summary>All below an entered block was seen.</summary>
    void Leave(in WalkPlace place, in Blockref reference);

    /// <summary>A reference or its block is damaged, and nothing below it is visited.</summary>
    void Damaged(in WalkPlace place, in Blockref reference, in WalkFault fault);
}
